package apache

import (
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// overridable are directives that may stand in a .htaccess file, by the group
// that AllowOverride must name for them, and, for "", those that may not. What
// is in no group may stand there or is not known (`apache2 -L`, "Allowed in").
var overridable = map[string][]string{
	"": {
		"AccessFileName", "Alias", "AliasMatch", "AllowEncodedSlashes", "AllowMethods", "AllowOverride",
		"AllowOverrideList", "BalancerMember", "CacheDefaultExpire", "CacheDisable", "CacheEnable", "CacheHeader",
		"CacheIgnoreCacheControl", "CacheIgnoreHeaders", "CacheLock", "CacheMaxExpire", "CacheQuickHandler",
		"CacheRoot", "CacheStoreNoStore", "CacheStorePrivate", "CustomLog", "Define", "Directory", "DirectoryMatch",
		"DocumentRoot", "ErrorLog", "Group", "HostnameLookups", "Include", "IncludeOptional", "KeepAlive", "Listen",
		"LoadModule", "Location", "LocationMatch", "LogFormat", "LogLevel", "MaxRanges", "MergeSlashes", "PidFile",
		"Proxy", "ProxyAddHeaders", "ProxyErrorOverride", "ProxyMatch", "ProxyPass", "ProxyPassInherit",
		"ProxyPassMatch", "ProxyPassReverse", "ProxyPassReverseCookieDomain", "ProxyPassReverseCookiePath",
		"ProxyPreserveHost", "ProxyRemote", "ProxyRequests", "ProxySet", "ProxyTimeout", "ProxyVia", "RemoteIPHeader",
		"RewriteMap", "SSLCertificateFile", "SSLCertificateKeyFile", "SSLEngine", "SSLProtocol", "SSLProxyEngine",
		"ScriptAlias", "ScriptAliasMatch", "ServerAdmin", "ServerAlias", "ServerName", "ServerPath", "ServerRoot",
		"ServerTokens", "Timeout", "TraceEnable", "TransferLog", "UnDefine", "UseCanonicalName", "User", "UserDir",
		"VirtualDocumentRoot", "VirtualHost", "XSendFilePath",
	},
	"AuthConfig": {
		"AuthBasicProvider", "AuthGroupFile", "AuthMerging", "AuthName", "AuthType", "AuthUserFile", "Require",
		"RequireAll", "RequireAny", "RequireNone", "SSLRequire", "SSLRequireSSL", "Satisfy",
	},
	"Limit": {
		"Allow", "Deny", "Order",
	},
	"Indexes": {
		"DirectoryIndex", "DirectorySlash", "ExpiresActive", "ExpiresByType", "ExpiresDefault", "FallbackResource",
		"IndexIgnore", "IndexOptions",
	},
	"Options": {
		"FilterChain", "FilterDeclare", "FilterProvider", "Options", "SSLOptions",
	},
	"FileInfo": {
		"AcceptPathInfo", "Action", "AddCharset", "AddDefaultCharset", "AddEncoding", "AddHandler", "AddLanguage",
		"AddOutputFilter", "AddOutputFilterByType", "AddType", "BrowserMatch", "BrowserMatchNoCase", "EnableMMAP",
		"EnableSendfile", "ErrorDocument", "FileETag", "ForceType", "Header", "PassEnv", "Redirect", "RedirectMatch",
		"RedirectPermanent", "RedirectTemp", "RemoveHandler", "RemoveType", "RequestHeader", "RewriteBase",
		"RewriteCond", "RewriteEngine", "RewriteOptions", "RewriteRule", "SetEnv", "SetEnvIf", "SetEnvIfExpr",
		"SetEnvIfNoCase", "SetHandler", "SetInputFilter", "SetOutputFilter", "Substitute", "UnsetEnv", "XSendFile",
		"XSendFileIgnoreEtag", "XSendFileIgnoreLastModified",
	},
}

// override is what AllowOverride and its kin allow in a folder.
type override struct {
	by       *conf.Directive // nil: the default, None
	groups   []string        // in lower case
	single   []string        // AllowOverrideList
	nonfatal bool            // what is not allowed is left out, and no error
}

// overrideOf reads the directives of the sections that a folder is in.
func overrideOf(sections []*conf.Directive) override {
	var o override
	for _, d := range inBlocks(sections, "AllowOverride", "AllowOverrideList") {
		var groups []string
		for _, word := range d.Texts(0) {
			name, _, _ := strings.Cut(strings.ToLower(word), "=")
			switch name {
			case "none":
			case "nonfatal":
				o.nonfatal = true
			default:
				groups = append(groups, name)
			}
		}
		if o.by = d; d.Name == "AllowOverride" {
			o.groups = groups
		} else {
			o.single = groups
		}
	}
	return o
}

// none says that no .htaccess file is read.
func (o override) none() bool { return len(o.groups) == 0 && len(o.single) == 0 }

// refuses says that a directive may not stand in a .htaccess file.
func (o override) refuses(d *conf.Directive) bool {
	for group, names := range overridable {
		if slices.Contains(names, d.Name) {
			return group == "" || !slices.Contains(o.groups, "all") && !slices.Contains(o.groups, strings.ToLower(group)) &&
				!slices.Contains(o.single, strings.ToLower(d.Name))
		}
	}
	return false
}

// refused is the first directive of a .htaccess file that may not stand there,
// nil for none.
func (o override) refused(file *conf.Directive) *conf.Directive {
	var first *conf.Directive
	file.Walk(func(d *conf.Directive) bool {
		if first == nil && d != file && o.refuses(d) {
			first = d
		}
		return first == nil
	})
	return first
}
