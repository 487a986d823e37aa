package apache

import (
	_ "embed"
	"strings"
)

//go:embed directives.txt
var directivesText string

// stockModules are the modules that come with Apache, by the lower case of the
// names of their directives.
var stockModules = func() map[string]string {
	of := map[string]string{}
	for line := range strings.Lines(directivesText) {
		file, names, ok := strings.Cut(line, ":")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		for _, name := range strings.Fields(names) {
			of[strings.ToLower(name)] = moduleID(file)
		}
	}
	return of
}()

// foreignModules are modules that do not come with Apache, by what the names of
// their directives begin with, in lower case. Of several identifiers one is
// loaded.
var foreignModules = []struct {
	prefix  string
	modules []string
}{
	{"wsgi", []string{"wsgi_module"}},
	{"php_", []string{"php_module", "php8_module", "php7_module", "php5_module", "php4_module"}},
	{"phpinidir", []string{"php_module", "php8_module", "php7_module", "php5_module", "php4_module"}},
	{"passenger", []string{"passenger_module"}},
	{"rails", []string{"passenger_module"}},
	{"rack", []string{"passenger_module"}},
	{"perl", []string{"perl_module"}},
	{"python", []string{"python_module"}},
	{"fcgid", []string{"fcgid_module"}},
	{"fastcgi", []string{"fastcgi_module"}},
	{"sec", []string{"security2_module", "security3_module"}},
	{"modsecurity", []string{"security3_module"}},
	{"dos", []string{"evasive20_module", "evasive24_module", "evasive_module"}},
	{"qs_", []string{"qos_module"}},
	{"oidc", []string{"auth_openidc_module"}},
	{"modpagespeed", []string{"pagespeed_module"}},
	{"shib", []string{"mod_shib", "shib_module"}},
	{"jk", []string{"jk_module"}},
	{"maxminddb", []string{"maxminddb_module"}},
	{"geoip", []string{"geoip_module"}},
	{"rpaf", []string{"rpaf_module"}},
	{"cloudflare", []string{"cloudflare_module"}},
	{"krb", []string{"auth_kerb_module"}},
	{"gssapi", []string{"auth_gssapi_module"}},
	{"mellon", []string{"auth_mellon_module"}},
	{"cas", []string{"auth_cas_module"}},
	{"svn", []string{"dav_svn_module"}},
	{"authzsvn", []string{"authz_svn_module"}},
	{"assignuserid", []string{"mpm_itk_module"}},
	{"maxclientsvhost", []string{"mpm_itk_module"}},
	{"limituidrange", []string{"mpm_itk_module"}},
	{"suphp", []string{"suphp_module"}},
	{"defineexternal", []string{"authnz_external_module"}},
	{"addexternal", []string{"authnz_external_module"}},
	{"authexternal", []string{"authnz_external_module"}},
	{"gnutls", []string{"gnutls_module"}},
	{"nss", []string{"nss_module"}},
	{"tktauth", []string{"auth_pubtkt_module", "auth_tkt_module"}},
	{"authtkt", []string{"auth_tkt_module"}},
	{"bandwidth", []string{"bw_module"}},
	{"trackuploads", []string{"upload_progress_module"}},
	{"reportuploads", []string{"upload_progress_module"}},
	{"rmode", []string{"ruid2_module"}},
	{"ruidgid", []string{"ruid2_module"}},
	{"rdocumentchroot", []string{"ruid2_module"}},
	{"lsapi", []string{"lsapi_module"}},
	{"tile", []string{"tile_module"}},
	{"auth_mysql", []string{"auth_mysql_module"}},
	{"auth_token", []string{"auth_token_module"}},
}

// modulesOf are the modules that may define a directive; own says that one of
// them comes with Apache. Of what nobody knows there is none.
func modulesOf(directive string) (modules []string, own bool) {
	name := strings.ToLower(directive)
	if id, ok := stockModules[name]; ok {
		return []string{id}, true
	}
	for _, m := range foreignModules {
		if strings.HasPrefix(name, m.prefix) {
			return m.modules, false
		}
	}
	return nil, false
}
