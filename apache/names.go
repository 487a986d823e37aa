package apache

import (
	"path"
	"slices"
	"strings"
)

// directiveModules are directives that the reader and the router know, by the
// module that defines them; "" is the core. Names are as the documentation
// writes them (https://httpd.apache.org/docs/2.4/mod/directives.html); Apache
// itself does not tell upper from lower case.
var directiveModules = map[string][]string{
	"": {
		"AcceptPathInfo", "AccessFileName", "AllowEncodedSlashes", "AllowOverride", "AllowOverrideList", "CGIPassAuth",
		"DefaultRuntimeDir", "Define", "Directory", "DirectoryMatch", "DocumentRoot", "Else", "ElseIf", "EnableMMAP",
		"EnableSendfile", "Error", "ErrorDocument", "ErrorLog", "ErrorLogFormat", "FileETag", "Files", "FilesMatch",
		"ForceType", "Group", "HostnameLookups", "If", "IfDefine", "IfDirective", "IfFile", "IfModule", "IfSection",
		"IfVersion", "Include", "IncludeOptional", "KeepAlive", "Limit", "LimitExcept", "LimitRequestBody", "Listen",
		"LoadFile", "LoadModule", "Location", "LocationMatch", "LogLevel", "MergeSlashes", "Mutex", "NameVirtualHost",
		"Options", "PidFile", "Protocols", "ServerAdmin", "ServerAlias", "ServerName", "ServerPath", "ServerRoot",
		"ServerSignature", "ServerTokens", "SetHandler", "SetInputFilter", "SetOutputFilter", "Timeout", "TraceEnable",
		"UnDefine", "UseCanonicalName", "UseCanonicalPhysicalPort", "User", "VirtualHost", "CustomLog", "LogFormat",
		"MaxRequestWorkers", "StartServers", "ThreadsPerChild", "ServerLimit", "MaxRequestsPerChild", "MaxConnectionsPerChild",
	},
	"mod_access_compat":   {"Allow", "Deny", "Order", "Satisfy"},
	"mod_actions":         {"Action", "Script"},
	"mod_alias":           {"Alias", "AliasMatch", "AliasPreservePath", "Redirect", "RedirectMatch", "RedirectPermanent", "RedirectTemp", "ScriptAlias", "ScriptAliasMatch"},
	"mod_auth_basic":      {"AuthBasicProvider"},
	"mod_authn_core":      {"AuthName", "AuthType"},
	"mod_authn_file":      {"AuthUserFile"},
	"mod_authz_core":      {"AuthMerging", "AuthzSendForbiddenOnFailure", "Require", "RequireAll", "RequireAny", "RequireNone"},
	"mod_cache":           {"CacheDisable", "CacheEnable", "CacheIgnoreCacheControl", "CacheQuickHandler", "CacheStorePrivate", "CacheStoreNoStore"},
	"mod_deflate":         {"DeflateCompressionLevel"},
	"mod_dir":             {"DirectoryIndex", "DirectorySlash", "FallbackResource"},
	"mod_env":             {"PassEnv", "SetEnv", "UnsetEnv"},
	"mod_expires":         {"ExpiresActive", "ExpiresByType", "ExpiresDefault"},
	"mod_filter":          {"AddOutputFilterByType", "FilterChain", "FilterProvider"},
	"mod_headers":         {"Header", "RequestHeader"},
	"mod_macro":           {"Macro", "UndefMacro", "Use"},
	"mod_mime":            {"AddHandler", "AddOutputFilter", "AddType", "RemoveHandler", "TypesConfig"},
	"mod_proxy":           {"BalancerMember", "NoProxy", "Proxy", "ProxyErrorOverride", "ProxyMatch", "ProxyPass", "ProxyPassInherit", "ProxyPassInterpolateEnv", "ProxyPassMatch", "ProxyPassReverse", "ProxyPassReverseCookieDomain", "ProxyPassReverseCookiePath", "ProxyPreserveHost", "ProxyRequests", "ProxySet", "ProxyStatus", "ProxyTimeout", "ProxyVia", "ProxyAddHeaders"},
	"mod_remoteip":        {"RemoteIPHeader", "RemoteIPInternalProxy", "RemoteIPTrustedProxy"},
	"mod_rewrite":         {"RewriteBase", "RewriteCond", "RewriteEngine", "RewriteMap", "RewriteOptions", "RewriteRule"},
	"mod_setenvif":        {"BrowserMatch", "SetEnvIf", "SetEnvIfExpr", "SetEnvIfNoCase"},
	"mod_ssl":             {"SSLCertificateFile", "SSLCertificateKeyFile", "SSLEngine", "SSLProxyEngine", "SSLRequireSSL"},
	"mod_substitute":      {"Substitute"},
	"mod_userdir":         {"UserDir"},
	"mod_vhost_alias":     {"VirtualDocumentRoot", "VirtualScriptAlias"},
	"mod_wsgi":            {"WSGIScriptAlias", "WSGIScriptAliasMatch", "WSGIDaemonProcess", "WSGIProcessGroup"},
	"mod_xsendfile":       {"XSendFile", "XSendFileIgnoreEtag", "XSendFileIgnoreLastModified", "XSendFilePath", "XSendFileUnescape"},
	"mod_auth_openidc":    {"OIDCProviderMetadataURL"},
	"mod_passenger":       {"PassengerEnabled", "PassengerAppRoot"},
	"mod_security2":       {"SecRuleEngine"},
	"mod_proxy_express":   {"ProxyExpressDBMFile", "ProxyExpressEnable"},
	"mod_proxy_html":      {"ProxyHTMLEnable", "ProxyHTMLURLMap"},
	"mod_brotli":          {"BrotliCompressionQuality"},
	"mod_allowmethods":    {"AllowMethods"},
	"mod_authz_groupfile": {"AuthGroupFile"},
	"mod_ratelimit":       {},
}

// canonicalNames are the names as documented, by their lower case.
var canonicalNames = func() map[string]string {
	names := map[string]string{}
	for _, all := range directiveModules {
		for _, name := range all {
			names[strings.ToLower(name)] = name
		}
	}
	return names
}()

// canonical is a directive's name as the documentation writes it; one that is
// not known stays as it is.
func canonical(name string) string {
	if known, ok := canonicalNames[name]; ok {
		return known
	}
	if known, ok := canonicalNames[strings.ToLower(name)]; ok {
		return known
	}
	return name
}

// moduleOf returns the module that defines a directive, "" for the core.
func moduleOf(directive string) (module string, known bool) {
	for module, names := range directiveModules {
		if slices.Contains(names, directive) {
			return module, true
		}
	}
	return "", false
}

// static are the identifiers of the modules that are compiled into Debian's
// program: `apache2 -l`.
var static = []string{
	"core_module", "so_module", "watchdog_module", "http_module", "log_config_module", "logio_module", "version_module", "unixd_module",
}

// sources are the files of modules that are not called after the identifier
// as mod_alias.c is after alias_module.
var sources = map[string]string{
	"core.c": "core_module", "http_core.c": "http_module", "util_ldap.c": "ldap_module",
	"event.c": "mpm_event_module", "worker.c": "mpm_worker_module", "prefork.c": "mpm_prefork_module",
	"mod_php.c": "php_module", "mod_php5.c": "php5_module", "mod_php7.c": "php7_module",
}

// moduleID is the identifier of a module that is named by its identifier or
// by its source file, as <IfModule> takes both. A name that is neither, such as
// "xsendfile.c" or "mod_xsendfile", stays what it is: no module has it.
func moduleID(name string) string {
	if id, ok := sources[name]; ok {
		return id
	}
	rest, isFile := strings.CutSuffix(name, ".c")
	rest, isModule := strings.CutPrefix(rest, "mod_")
	if isFile && isModule && !strings.HasPrefix(name, "mod_mpm_") {
		return rest + "_module"
	}
	return name
}

// nobodys says that no module has a name as <IfModule> takes it, whatever is
// loaded: it is neither an identifier nor a source file, or mod_xsendfile's,
// misspelt.
func nobodys(name string) bool {
	id := moduleID(name)
	if strings.Contains(strings.ToLower(name), "xsend") {
		return id != "xsendfile_module"
	}
	return !strings.HasSuffix(id, "_module") && !slices.Contains([]string{".c", ".cc", ".cpp", ".cxx"}, path.Ext(name))
}
