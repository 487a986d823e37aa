package lighttpd

import (
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// dropped begin the names of settings about the process, its logs and its
// scratch files, which the sandbox has of its own.
var dropped = []string{
	"server.bind", "server.port", "server.errorlog", "server.breakagelog", "server.pid-file", "server.username", "server.groupname",
	"server.chroot", "server.upload-dirs", "server.modules", "server.max-fds", "server.max-worker", "server.core-files",
	"server.systemd-socket-activation", "server.network-backend", "server.event-handler", "server.use-ipv6", "server.set-v6only",
	"accesslog.", "rrdtool.", "deflate.cache-dir", "compress.cache-dir", "ssl.", "debug.", "server.defer-accept", "server.listen-backlog",
	"server.bsd-accept-filter", "webdav.sqlite-db-name", "index-generator.", "server.syslog-facility",
}

// programs begin the names of settings that run programs or ask other services,
// by what they do.
var programs = []struct{ prefix, what string }{
	{"cgi.", "runs programs"}, {"magnet.", "is code"}, {"ssi.extension", "can run programs"}, {"vhostdb.", "asks a database"},
	{"mysql-vhost.", "asks a database"}, {"auth.backend.ldap", "asks another service"}, {"userdir.", "is about the homes of this machine's users"},
	{"trigger-before-download.", "needs a database"}, {"geoip.", "needs a database"}, {"maxminddb.", "needs a database"},
}

// value is what a setting is in the sandbox, nil where it is left out.
func (w *rewriting) value(b *Block, s *Setting) *Value {
	name := s.Name
	begins := func(prefix string) bool {
		return name == prefix || strings.HasSuffix(prefix, ".") && strings.HasPrefix(name, prefix)
	}
	switch {
	case name == "ssl.engine" && b != w.conf.Blocks[0] && b.Cond.Object != "SERVER":
		w.change(s.Dir, "ssl.engine does nothing in this condition: it is left out")
		return nil
	case name == "ssl.verifyclient.activate" && s.Value.On(false):
		w.change(s.Dir, "clients need no certificate here: %s is left out", name)
		return nil
	case strings.HasPrefix(name, "var."), slices.ContainsFunc(dropped, begins):
		return nil
	case w.left[moduleOf(name)]:
		return nil
	}
	for _, p := range programs {
		if strings.HasPrefix(name, p.prefix) {
			w.change(s.Dir, "%s %s: it is left out", name, p.what)
			return nil
		}
	}
	switch name {
	case "server.document-root":
		if s.Value.Unknown != "" {
			return s.Value
		}
		return text(w.folder(s.Value.Str()))
	case "simple-vhost.server-root", "evhost.path-pattern", "secdownload.document-root", "server.errorfile-prefix", "server.errfile-prefix":
		return w.at(s, text(w.path(s.Value.Str())))
	case "alias.url":
		return w.each(s.Value, func(i Item) *Value { return text(w.path(i.Value.Str())) })
	}
	if g := gateways[moduleOf(name)]; g != nil && g.setting == name {
		return w.gateway(b, g, s)
	}
	return s.Value
}

// at is a value that keeps what is not known of the setting's.
func (w *rewriting) at(s *Setting, v *Value) *Value {
	v.Unknown = s.Value.Unknown
	return v
}

// each is a list with other values.
func (w *rewriting) each(v *Value, value func(Item) *Value) *Value {
	if v.Kind != Array {
		return v
	}
	out := &Value{Kind: Array, Unknown: v.Unknown}
	for _, i := range v.Items {
		one := Item{Key: i.Key, HasKey: i.HasKey, Value: value(i), Dir: i.Dir}
		if one.Value.Unknown == "" {
			one.Value.Unknown = i.Value.Unknown
		}
		out.Items = append(out.Items, one)
	}
	return out
}

// unwanted are modules that run programs, write files or are about what the
// sandbox has not.
var unwanted = []string{
	"mod_accesslog", "mod_rrdtool", "mod_magnet", "mod_cgi", "mod_cml", "mod_userdir", "mod_trigger_b4_dl", "mod_mysql_vhost", "mod_vhostdb",
	"mod_vhostdb_dbi", "mod_vhostdb_ldap", "mod_vhostdb_mysql", "mod_vhostdb_pgsql", "mod_geoip", "mod_maxminddb", "mod_uploadprogress",
	"mod_openssl", "mod_gnutls", "mod_mbedtls", "mod_nss", "mod_wolfssl",
}

// modules are server.modules in the sandbox. Where the configuration does not
// tell all of them, those are there that its settings are of.
func (w *rewriting) modules() []*Value {
	var names []string
	if s := w.conf.Blocks[0].Get("server.modules"); s != nil {
		for _, i := range s.Value.Items {
			names = append(names, i.Value.Str())
		}
	}
	if !w.conf.modulesKnown() {
		names = append(names, "mod_indexfile")
		used := map[string]bool{"mod_access": true, "mod_alias": true, "mod_redirect": true}
		for _, b := range w.conf.Blocks {
			for _, name := range b.Names() {
				used[moduleOf(name)] = true
			}
		}
		for _, name := range usualOrder {
			if used[name] {
				names = append(names, name)
			}
		}
	}
	if w.hasTLS() {
		names = append([]string{"mod_extforward"}, names...)
	}
	var list []*Value
	for i, name := range names {
		if !w.left[name] && !slices.Contains(unwanted, name) && name != "" && !slices.Contains(names[:i], name) {
			list = append(list, text(name))
		}
	}
	return list
}

// loads is where server.modules names a module, nil where it does not.
func (w *rewriting) loads(module string) *conf.Directive {
	s := w.conf.Blocks[0].Get("server.modules")
	if s == nil {
		return nil
	}
	for _, i := range s.Value.Items {
		if i.Value.Str() == module {
			return place(i.Dir, s.Dir)
		}
	}
	return nil
}

// leave leaves a module out that is not on this machine, with all its settings.
func (w *rewriting) leave(module string) {
	w.left[module] = true
	w.change(w.loads(module), "the module %s is not on this machine: it is left out, with its settings", module)
}

// scripts makes the files that gateways want to see.
func (w *rewriting) scripts(names []string) error {
	if w.o.Root == "" {
		return nil // nothing is put beside the user's own files
	}
	for _, name := range names {
		if err := proc.Put(w.o.Root, name, ""); err != nil {
			return err
		}
	}
	return nil
}
