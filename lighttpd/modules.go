package lighttpd

import (
	"slices"
	"strings"
)

// modulesOf are the modules that look at a request, by what their settings
// begin with.
var prefixes = map[string]string{
	"proxy.": "mod_proxy", "fastcgi.": "mod_fastcgi", "scgi.": "mod_scgi", "ajp13.": "mod_ajp13", "wstunnel.": "mod_wstunnel",
	"sockproxy.": "mod_sockproxy", "cgi.": "mod_cgi", "url.rewrite": "mod_rewrite", "url.redirect": "mod_redirect",
	"url.access-": "mod_access", "alias.": "mod_alias", "auth.": "mod_auth", "simple-vhost.": "mod_simple_vhost",
	"evhost.": "mod_evhost", "vhostdb.": "mod_vhostdb", "userdir.": "mod_userdir", "magnet.": "mod_magnet",
	"setenv.": "mod_setenv", "expire.": "mod_expire", "deflate.": "mod_deflate", "status.": "mod_status", "ssi.": "mod_ssi",
	"webdav.": "mod_webdav", "extforward.": "mod_extforward",
}

// moduleOf is the module that a setting belongs to, "" for lighttpd's core.
func moduleOf(setting string) string {
	for prefix, module := range prefixes {
		if strings.HasPrefix(setting, prefix) {
			return module
		}
	}
	return ""
}

// usualOrder is that of the modules where the configuration does not tell.
var usualOrder = []string{
	"mod_rewrite", "mod_redirect", "mod_access", "mod_auth", "mod_vhostdb", "mod_evhost", "mod_simple_vhost", "mod_magnet", "mod_setenv", "mod_alias", "mod_userdir",
	"mod_webdav", "mod_status", "mod_expire", "mod_deflate", "mod_extforward", "mod_proxy", "mod_fastcgi", "mod_scgi", "mod_ajp13", "mod_wstunnel", "mod_sockproxy", "mod_cgi", "mod_ssi",
}

// modules are those that look at requests, in their order. A module that is
// not in server.modules does nothing; which those are is not known for a part
// of a configuration.
func (c *Config) modules() []string {
	s := c.Blocks[0].Get("server.modules")
	var list []string
	if s != nil {
		for _, i := range s.Value.Items {
			if name := i.Value.Str(); !slices.Contains(list, name) {
				list = append(list, name)
			}
		}
	}
	if c.modulesKnown() {
		return list
	}
	for _, name := range usualOrder {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// modulesKnown says that a module that is not named is not loaded.
func (c *Config) modulesKnown() bool {
	s := c.Blocks[0].Get("server.modules")
	return !c.Fragment && len(c.Shell) == 0 && s != nil && s.Value.unknown() == ""
}

// Loaded says whether a module acts.
func (c *Config) Loaded(module string) bool { return slices.Contains(c.modules(), module) }

// others are modules of lighttpd beside those that look at a request.
var others = []string{
	"mod_accesslog", "mod_authn_dbi", "mod_authn_file", "mod_authn_gssapi", "mod_authn_ldap", "mod_authn_mysql", "mod_authn_pam", "mod_authn_sasl",
	"mod_cml", "mod_compress", "mod_dirlisting", "mod_evasive", "mod_flv_streaming", "mod_geoip", "mod_gnutls", "mod_indexfile", "mod_maxminddb",
	"mod_mbedtls", "mod_mysql_vhost", "mod_nss", "mod_openssl", "mod_rrdtool", "mod_secdownload", "mod_staticfile", "mod_trigger_b4_dl",
	"mod_uploadprogress", "mod_usertrack", "mod_vhostdb_dbi", "mod_vhostdb_ldap", "mod_vhostdb_mysql", "mod_vhostdb_pgsql", "mod_wolfssl",
}

// isModule says that lighttpd has a module of that name, which a machine may
// lack (lighttpd's source, src/meson.build).
func isModule(name string) bool {
	return slices.Contains(usualOrder, name) || slices.Contains(others, name)
}
