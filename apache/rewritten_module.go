package apache

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// modules are the modules that a sandbox's Apache loads.
type modules struct {
	list []module
	left []string // identifiers of those that the configuration loads and the sandbox does not
	main bool     // the configuration says which there are
}

// module is one module with its file.
type module struct {
	id, file string
	dir      *conf.Directive // the user's LoadModule, nil for none
}

func (m modules) has(id string) bool {
	return slices.Contains(static, id) || slices.ContainsFunc(m.list, func(l module) bool { return l.id == id })
}

// notRun are modules that a sandbox has not: what they do is to run programs or
// code, or to ask the network by themselves.
var notRun = map[string]string{
	"cgi_module": "no programs are run", "cgid_module": "no programs are run", "ext_filter_module": "no programs are run",
	"lua_module": "no code is run", "perl_module": "no code is run", "python_module": "no code is run",
	"md_module": "no certificates are asked for", "dbd_module": "no database is asked", "heartbeat_module": "nothing is sent to others",
	"heartmonitor_module": "nothing is received from others", "suexec_module": "no programs are run", "systemd_module": "",
}

// more are modules that fragments of configurations count on and that change
// nothing by themselves, in the order of loading, behind the usual ones.
var more = []string{
	"actions", "authn_anon", "authn_socache", "authz_groupfile", "authz_owner", "authz_dbm", "auth_digest", "auth_form", "authn_dbm",
	"allowmethods", "brotli", "buffer", "cache", "cache_disk", "cache_socache", "socache_shmcb", "socache_dbm", "dav", "dav_fs", "dav_lock",
	"expires", "include", "info", "lbmethod_bybusyness", "lbmethod_bytraffic", "log_debug", "log_forensic", "logio", "macro", "proxy_connect",
	"proxy_express", "proxy_fcgi", "proxy_ftp", "xml2enc", "proxy_html", "proxy_scgi", "proxy_uwsgi", "proxy_wstunnel", "proxy_ajp",
	"proxy_hcheck", "proxy_fdpass", "proxy_http2", "ratelimit", "remoteip", "request", "session", "session_cookie", "session_crypto",
	"speling", "ssl", "status", "substitute", "unique_id", "userdir", "usertrack", "vhost_alias", "http2", "ldap", "authnz_ldap",
	"imagemap", "sed", "mime_magic", "asis", "cern_meta", "charset_lite", "file_cache", "reflector", "dumpio", "data", "authnz_fcgi",
}

// findModules finds the modules of a configuration on this machine: those that
// a main file loads, and for a fragment those that are usual.
func (w *copying) findModules() modules {
	folder, _ := modulesFolder()
	m := modules{}
	add := func(id, file string, d *conf.Directive) {
		if file != "" && exists(file) && !m.has(id) {
			m.list = append(m.list, module{id, file, d})
		}
	}
	stock := func(name string) { add(name+"_module", filepath.Join(folder, "mod_"+name+".so"), nil) }
	loads := w.conf.Top.All("LoadModule")
	m.main = !w.conf.Fragment && (len(loads) > 0 || w.conf.Dump && w.conf.ModulesKnown)
	stock("mpm_event")
	if w.conf.Dump && w.conf.ModulesKnown {
		for id := range w.conf.Modules {
			loads = append(loads, &conf.Directive{Name: "LoadModule", Args: []conf.Arg{{Text: id}, {Text: "mod_" + strings.TrimSuffix(id, "_module") + ".so"}}})
		}
		slices.SortFunc(loads, func(a, b *conf.Directive) int { return loadOrder(a.Arg(0)) - loadOrder(b.Arg(0)) })
	}
	for _, d := range loads {
		id, file := d.Arg(0), absolute(w.conf.ServerRoot, d.Arg(1))
		if !exists(file) {
			file = filepath.Join(folder, filepath.Base(d.Arg(1)))
		}
		why, known := notRun[id]
		if slices.Contains(applicationModules, id) && !known {
			why, known = "no applications are run", true
		}
		switch {
		case slices.Contains(static, id) || strings.HasPrefix(id, "mpm_") && id != "mpm_itk_module":
		case known:
			m.left = append(m.left, id)
			if why != "" {
				w.change(d, "%s: %s is left out, with its directives", why, id)
			}
		case !exists(file):
			m.left = append(m.left, id)
			w.change(d, "%s is not on this machine: it is left out, with its directives", id)
		default:
			add(id, file, d)
		}
	}
	if !m.main {
		for _, name := range slices.Concat(usual(), more) {
			stock(name)
		}
	}
	if len(w.inside) > 0 {
		stock("proxy")
		stock("proxy_fcgi")
	}
	return m
}

// loadOrder puts the modules that others need in front.
func loadOrder(id string) int {
	return map[string]int{
		"authn_core_module": -3, "proxy_module": -2, "slotmem_shm_module": -2, "cache_module": -2, "session_module": -2, "dav_module": -2,
		"ldap_module": -2, "socache_shmcb_module": -1, "xml2enc_module": -1,
	}[id]
}

// absent says that a directive belongs to a module that the sandbox has not,
// and notes it. A main file that does not load the module at all is wrong, and
// Apache says so.
func (w *copying) absent(d *conf.Directive) bool {
	ids, _ := modulesOf(d.Name)
	if len(ids) == 0 || slices.ContainsFunc(ids, w.modules.has) {
		return false
	}
	if w.modules.main {
		return slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(w.modules.left, id) })
	}
	if !slices.Contains(w.modules.left, ids[0]) {
		w.modules.left = append(w.modules.left, ids[0])
		if why, known := notRun[ids[0]]; known {
			w.change(d, "%s: the directives of %s are left out", why, ids[0])
		} else if !slices.Contains(applicationModules, ids[0]) || len(w.inside) == 0 {
			w.change(d, "%s is not on this machine: its directives are left out", ids[0])
		}
	}
	return true
}
