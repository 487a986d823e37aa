package e2e

import "time"

// lighttpdRoutingRows are about whether and how the backend is asked.
func lighttpdRoutingRows() []row {
	const login = "auth.backend = \"plain\"\nauth.backend.plain.userfile = \"/dev/null\"\nauth.require = ( \"/dl/\" => ( \"method\" => \"basic\", \"realm\" => \"closed\", \"require\" => \"valid-user\" ) )"
	silent := func(seconds string) string {
		return "proxy.server = ( \"\" => ( ( \"host\" => \"127.0.0.1\", \"port\" => 8002, \"read-timeout\" => " + seconds + ", " + lightSend + " ) ) )"
	}
	return []row{
		{name: "nothing listens on the users' port", code: "proxy-unreachable", flags: func(s *setup) { s.Stack.Proxy = "http://127.0.0.1:8001/dl/" }},
		{name: "TLS asked of a port without", code: "proxy-unreachable", near: "proxy-not-routed", flags: func(s *setup) { s.Stack.Proxy = "https://127.0.0.1:8080/dl/" }},
		{name: "by name", near: "proxy-unreachable", site: inSocket("server.name = \"downloads.example.org\"")},

		{name: "silent upstream", code: "proxy-timeout", near: "proxy-bad-gateway", site: onlyProxy(silent("1"))},
		{name: "silent proxy", code: "proxy-timeout", near: "proxy-unreachable",
			flags: func(s *setup) { s.Stack.Proxy = "http://127.0.0.1:8002/dl/"; s.Client.Timeout = time.Second }},
		{name: "slow in time", near: "proxy-timeout backend-timeout", backend: slow, site: swap(lightApp+",", lightApp+", \"read-timeout\" => 20,")},

		{name: "login of the proxy", code: "proxy-auth-required", near: "proxy-not-routed", site: both(lightModules("mod_auth", "mod_authn_file"), inSocket(login))},
		{name: "login for others only", near: "proxy-auth-required",
			site: both(lightModules("mod_auth", "mod_authn_file"), inSocket("$HTTP[\"remote-ip\"] != \"127.0.0.0/8\" {\n"+login+"\n}"))},

		{name: "to https", code: "proxy-redirects", near: "proxy-not-routed proxy-scheme-lost",
			site: inSocket("$HTTP[\"scheme\"] == \"http\" { url.redirect = ( \"\" => \"https://${url.authority}${url.path}${qsa}\" ) }")},
		{name: "redirect elsewhere", near: "proxy-redirects", site: inSocket("url.redirect = ( \"^/dl/?$\" => \"/downloads/\", \"^/dl/proxydiag\" => \"\", \"^/old/\" => \"/dl/\" )")},

		{name: "cookie taken off", code: "proxy-request-header-lost", near: "handoff-forbidden handoff-not-found proxy-auth-required", only: own,
			site: both(lightModules("mod_setenv"), inSocket("setenv.set-request-header = ( \"Cookie\" => \"\" )")), backend: wantsCookie, flags: withCookie},
		{name: "cookie passed on", near: "proxy-request-header-lost", only: own, backend: wantsCookie, flags: withCookie},

		{name: "dead upstream", code: "proxy-bad-gateway", near: "proxy-not-routed",
			site: onlyProxy("proxy.server = ( \"\" => ( ( \"host\" => \"127.0.0.1\", \"port\" => 8001, " + lightSend + " ) ) )")},
		{name: "dead server in a group", near: "proxy-bad-gateway",
			site: onlyProxy("proxy.server = ( \"\" => ( ( " + lightApp + ", " + lightSend + " ), ( \"host\" => \"127.0.0.1\", \"port\" => 8001, " + lightSend + " ) ) )")},

		{name: "host not allowed", code: "proxy-host-rejected", near: "proxy-not-routed handoff-not-found", only: own, backend: allowedHosts,
			site: inURL("proxy.header = ( \"map-host-request\" => ( \"-\" => \"backend.internal\" ) )")},
		{name: "host passed on", near: "proxy-host-rejected", only: own, backend: allowedHosts,
			site: inURL("proxy.header = ( \"map-host-request\" => ( \"other.example\" => \"backend.internal\" ) )")},

		{name: "prefix cut off", code: "proxy-path-rewritten", near: "handoff-echoed proxy-not-routed",
			site: inURL("proxy.header = ( \"map-urlpath\" => ( \"/dl/\" => \"/\" ) )")},
		{name: "prefix replaced as the URLs say", near: "proxy-path-rewritten",
			site:  inURL("proxy.header = ( \"map-urlpath\" => ( \"/dl/\" => \"/files/\" ) )"),
			flags: func(s *setup) { s.Stack.Backend = "http://127.0.0.1:8000/files/" }},

		{name: "another host", code: "proxy-not-routed", near: "handoff-not-found",
			site: both(swap(lightURL, "$HTTP[\"host\"] == \"downloads.example.org\" { "+lightURL), swap("    # 3.", "    }\n    # 3."))},
		{name: "download refused", code: "proxy-not-routed", near: "handoff-forbidden", site: inURL("url.access-deny = ( \"\" )")},
		{name: "others refused", near: "proxy-not-routed handoff-forbidden", site: inSocket("url.access-deny = ( \".inc\", \"~\" )\n$HTTP[\"url\"] !~ \"^/dl/\" { url.access-deny = ( \"\" ) }")},
		{name: "download without the application", code: "proxy-not-routed", near: "proxy-cached-handoff", only: companion, site: onlySocket("alias.url = ( \"/dl/\" => \"/srv/media/\" )")},
		{name: "download without one's own application", code: "proxy-not-routed", near: "proxy-header-lost proxy-error-masked", only: own,
			site: onlySocket("alias.url = ( \"/dl/\" => \"/srv/media/\" )")},
	}
}

// lighttpdAnswerRows are about what becomes of an answer.
func lighttpdAnswerRows() []row {
	set := func(header string) edit {
		return both(lightModules("mod_setenv"), inURL("setenv.set-response-header = ( "+header+" )"))
	}
	add := func(header string) edit {
		return both(lightModules("mod_setenv"), inURL("setenv.add-response-header = ( "+header+" )"))
	}
	const method = "$HTTP[\"request-method\"] == "
	return []row{
		{name: "made cacheable", code: "proxy-cache-control-overridden", near: "proxy-header-lost proxy-header-duplicated", site: set(`"Cache-Control" => "public, max-age=3600"`)},
		{name: "kept for the user", near: "proxy-cache-control-overridden proxy-plain-answer-lost", site: set(`"Cache-Control" => "private, no-cache"`)},

		{name: "second disposition", code: "proxy-header-duplicated", near: "proxy-header-lost", site: add(`"Content-Disposition" => "inline"`)},
		{name: "a field of its own", near: "proxy-header-duplicated", site: add(`"X-Served-By" => "one"`)},

		{name: "disposition unset", code: "proxy-header-lost", site: set(`"Content-Disposition" => ""`)},
		{name: "another field unset", near: "proxy-header-lost", site: set(`"X-Powered-By" => ""`)},

		{name: "HEAD refused", code: "proxy-method-blocked", near: "proxy-head-broken backend-head-mishandled", site: inSocket(method + `"HEAD" { url.access-deny = ( "" ) }`)},
		{name: "POST refused", code: "proxy-method-blocked", near: "proxy-head-broken", site: inSocket(method + `"POST" { url.access-deny = ( "" ) }`), flags: byPost},
		{name: "DELETE refused", near: "proxy-method-blocked", site: inSocket(method + `"DELETE" { url.access-deny = ( "" ) }`)},

		{name: "HEAD answered without the application", code: "proxy-head-broken", near: "proxy-method-blocked backend-head-mishandled",
			site: inSocket(method + `"HEAD" { url.redirect = ( "" => "/x" ) url.redirect-code = 204 }`)},
		{name: "HEAD marked", near: "proxy-head-broken", site: both(lightModules("mod_setenv"), inSocket(method+`"HEAD" { setenv.add-response-header = ( "X-Method" => "HEAD" ) }`))},

		{name: "direct location serves another folder", code: "proxy-direct-broken", site: swap(`( "/direct/" => "/srv/media/" )`, `( "/direct/" => "/srv/pages/" )`), flags: direct},
		{name: "direct location works, handoff does not", code: "handoff-forbidden", near: "proxy-direct-broken", site: swap(`( "/srv/media/" )`, `( "/srv/pages/" )`), flags: direct},

		{name: "error becomes a page", code: "proxy-error-masked", site: inURL("server.error-intercept = \"enable\"\nserver.error-handler-404 = \"/page/index.html\"",
			inSocket("$HTTP[\"url\"] =~ \"^/page/\" { proxy.server := ( ) alias.url = ( \"/page/\" => \"/srv/pages/\" ) }"))},
		{name: "error with a page of its own", near: "proxy-error-masked", site: inURL("server.error-intercept = \"enable\"\nserver.errorfile-prefix = \"/srv/pages/index.html\"")},
	}
}

// lighttpdRequestRows are about requests beyond the plain GET.
func lighttpdRequestRows() []row {
	drop := func(name string) edit {
		return both(lightModules("mod_setenv"), inURL("setenv.set-request-header = ( \""+name+"\" => \"\" )"))
	}
	return []row{
		{name: "ranges answered by the backend", code: "backend-handles-range", near: "proxy-ranges-broken", backend: ok(func(a *answer) {
			if a.Request.Header.Get("Range") != "" {
				a.Status = 206
				a.Header.Set("Content-Range", "bytes 0-0/163877")
			}
		})},
		{name: "ranges promised by the backend", near: "backend-handles-range", backend: field("Accept-Ranges", "bytes")},
		{name: "no ranges", code: "proxy-ranges-broken", near: "backend-handles-range", site: inURL("server.range-requests = \"disable\"")},
		{name: "no ranges elsewhere", near: "proxy-ranges-broken", site: inSocket("$HTTP[\"url\"] =~ \"^/api/\" { server.range-requests = \"disable\" }")},

		{name: "validators taken out", code: "proxy-conditional-broken", site: both(drop("If-None-Match"), swap("setenv.set-request-header = (", "setenv.set-request-header = ( \"If-Modified-Since\" => \"\","))},
		{name: "no type that anybody knows", code: "proxy-conditional-broken", only: companion, backend: ok(func(a *answer) { a.Header["Content-Type"] = nil })},
		{name: "no ETag", near: "proxy-conditional-broken backend-stale-validator", backend: field("ETag", "")},
		{name: "the application's ETag is that of an empty body", code: "backend-stale-validator", near: "proxy-conditional-broken", only: own,
			backend: field("ETag", `"d41d8cd98f00b204e9800998ecf8427e"`)},

		{name: "low rate", code: "proxy-throttled", near: "proxy-truncated", only: own, site: inURL("connection.kbytes-per-second = 1000")},
		{name: "high rate", near: "proxy-throttled", only: own, site: inURL("connection.kbytes-per-second = 900000")},
	}
}

// errorPage answers 200 with a page where a file is missing.
var errorPage = inSocket("alias.url = ( \"/page/\" => \"/srv/pages/\" )\nserver.error-handler-404 = \"/page/index.html\"")

// lighttpdHandoffRows are about what lighttpd makes of the handoff.
func lighttpdHandoffRows() []row {
	return []row{
		{name: "off", code: "handoff-ignored", near: "backend-no-handoff handoff-leaked", site: swap(`"x-sendfile" => "enable"`, `"x-sendfile" => "disable"`)},
		{name: "on for another backend", code: "handoff-ignored", near: "backend-wrong-dialect",
			site: onlySocket("proxy.server = ( \"/dl/\" => ( ( " + lightApp + " ) ), \"\" => ( ( " + lightApp + ", " + lightSend + " ) ) )")},
		{name: "on for the downloads alone", near: "handoff-ignored",
			site: onlySocket("proxy.server = ( \"/dl/\" => ( ( " + lightApp + ", " + lightSend + " ) ), \"\" => ( ( " + lightApp + " ) ) )")},

		{name: "another docroot", code: "handoff-forbidden", near: "handoff-not-found backend-wrong-prefix", site: swap(`( "/srv/media/" )`, `( "/srv/pages/" )`)},
		{name: "docroot by its link", code: "handoff-forbidden", site: swap(`( "/srv/media/" )`, `( "/srv/link/" )`)},
		{name: "worker may not read", code: "handoff-forbidden", near: "handoff-not-found", flags: func(s *setup) { s.asRoot(); s.Mode = 0o600 }},
		{name: "links refused, files behind none", near: "handoff-forbidden", site: inSocket("server.follow-symlink = \"disable\"")},

		{name: "another machine's files", code: "handoff-not-found", near: "handoff-forbidden handoff-loop handoff-echoed", only: companion,
			flags: func(s *setup) { s.Stack.Storage = "/srv/pages" }},
		{name: "no docroot", near: "handoff-not-found", site: swap(",\n                \"x-sendfile-docroot\" => ( \"/srv/media/\" )", "")},

		{name: "page in the file's place", code: "handoff-wrong-content", near: "handoff-not-found proxy-body-altered",
			only: companion, site: errorPage, flags: func(s *setup) { s.Stack.Storage = "/srv/pages" }},
		{name: "page never needed", near: "handoff-wrong-content", only: companion, site: errorPage},

		{name: "another server's header beside the handoff", code: "handoff-leaked", near: "backend-wrong-dialect",
			backend: ok(func(a *answer) { a.Header.Set(accel, "/protected/a.bin") })},
		{name: "debug field without the path", near: "handoff-leaked", site: both(lightModules("mod_setenv"), inURL("setenv.add-response-header = ( \"X-Sent-By\" => \"lighttpd\" )"))},

		{name: "security fields kept", near: "handoff-headers-dropped proxy-header-lost", backend: ok(func(a *answer) {
			a.Header.Set("X-Content-Type-Options", "nosniff")
			a.Header.Set("Access-Control-Allow-Origin", "*")
			a.Header.Set("Content-Security-Policy", "sandbox")
			a.Header.Set("X-Request-Id", "4711")
		})},
		{name: "public twin", near: "handoff-internal-exposed handoff-traversal", site: inSocket("alias.url = ( \"/files/\" => \"/srv/media/\" )")},
	}
}
