package e2e

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// docRuns are the findings whose Before and After need more than the others'.
func docRuns() map[string]docRun {
	prefix := func(prefix string) func(*setup, string) {
		return func(s *setup, _ string) { s.Stack.Sendfile = prefix }
	}
	// store is a location that fetches from an object store, and has this in it as well.
	store := func(more string) docRun {
		return docRun{only: own, backend: signs, around: func(t testing.TB, text string) string {
			return excerpt("nginx", replace(t, "internal;", "internal; "+more)(text))
		}}
	}
	around := func(kind string, edits ...edit) func(testing.TB, string) string {
		return func(t testing.TB, text string) string { return both(edits...)(t, excerpt(kind, text)) }
	}
	return map[string]docRun{
		"nginx-alias-too-wide":         {only: own, backend: absolute, flags: prefix("nginx:/protected/srv/media/"), application: true},
		"nginx-duplicate-header":       {only: own},
		"nginx-error-page-masks":       {only: own},
		"nginx-fallback-page":          {backend: handsOffAlways},
		"nginx-header-too-big":         {backend: field("X-Trace", strings.Repeat("trace ", 1500))},
		"nginx-named-location-missing": {backend: value(func(string) string { return "@files" })},
		"nginx-no-resolver": {around: func(t testing.TB, text string) string {
			return excerpt("nginx", strings.ReplaceAll(text, "resolver 127.0.0.53;", "resolver "+resolver(t)+";"))
		}},
		"nginx-temp-file": {flags: func(s *setup, _ string) { large(s) }, launch: hasty, around: func(t testing.TB, text string) string {
			rate := "limit_rate 4m;\n" // a client that takes this much
			if strings.Contains(text, "1024m") {
				rate = "limit_rate 1m;\n"
			}
			return excerpt("nginx", rate+strings.NewReplacer("1024m", "4m", "http://127.0.0.1:8003/whole/", "http://unix:/run/scratch/hasty.sock:/").Replace(text))
		}},
		"nginx-s3-args-lost":        store(unsigned + hide),
		"nginx-s3-host":             store(unsigned + hide),
		"nginx-s3-auth-forwarded":   store(hide),
		"nginx-s3-header-leak":      store(unsigned),
		"nginx-s3-variable-decoded": store(unsigned + hide),

		"apache-cache-quick": {around: around("apache", modules("cache", "cache_disk"))},
		"apache-etag-zero": {only: own, around: func(_ testing.TB, text string) string {
			return "Listen 127.0.0.1:8080\n" + vhost + "\n" + pass + text + "\n</VirtualHost>\n"
		}},
		"apache-guarded-off": {launch: without("xsendfile")},
		"apache-htaccess-context": {
			around: func(t testing.TB, text string) string {
				text, _ = parted(text)
				if text == "" {
					text = send
				}
				return virtualHost(pages+"<Directory /srv/pages>\nAllowOverride FileInfo\n</Directory>\nFileETag None\n"+text)(t, "")
			},
			flags: func(s *setup, text string) {
				_, text = parted(text)
				write(s.t, filepath.Join(s.place("/srv/pages"), ".htaccess"), s.place(text))
			},
		},
		"apache-module-missing": {launch: without("xsendfile"), around: func(_ testing.TB, text string) string {
			return "Listen 127.0.0.1:8080\n" + vhost + "\nFileETag None\n" + text + "\n</VirtualHost>\n"
		}},

		"caddy-root-too-wide": {only: own, backend: absolute, flags: prefix("caddy:/protected/srv/media/"), application: true},
	}
}

// parted splits a text in two: what stands before and behind the name of a .htaccess file.
func parted(text string) (site, file string) {
	site, file, _ = strings.Cut(text, "# /srv/pages/.htaccess\n")
	return site, file
}

// resolver answers every question for an address with 127.0.0.1. It returns
// where it listens.
func resolver(t testing.TB) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		b := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(b[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			m.Response = true
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				head := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 60}
				m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}}}}
			}
			if answer, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(answer, from) // who gets none asks again
			}
		}
	}()
	return conn.LocalAddr().String()
}

// notRun are the findings whose Before and After are not run, with the reason:
// what they show instead of a server's configuration.
func notRun() map[string]string {
	list := map[string]string{}
	for _, l := range []struct{ why, codes string }{
		{"an exchange of the client with the proxy: configurations of many kinds lead to it",
			"proxy-scheme-lost proxy-auth-required proxy-redirects proxy-bad-gateway proxy-host-rejected proxy-request-header-lost " +
				"proxy-path-rewritten proxy-not-routed proxy-timeout proxy-truncated proxy-body-altered proxy-cached-handoff proxy-error-masked " +
				"proxy-cache-control-overridden proxy-header-duplicated proxy-header-lost proxy-method-blocked proxy-head-broken proxy-direct-broken " +
				"proxy-stale-file proxy-conditional-broken proxy-compressed-download proxy-ranges-broken proxy-throttled " +
				"handoff-ignored handoff-loop handoff-echoed handoff-not-found handoff-wrong-content handoff-traversal handoff-internal-exposed " +
				"handoff-leaked handoff-headers-dropped handoff-name-encoding nginx-error-keeps-headers proxy-plain-answer-lost"},
		{"answers to a request of a certain kind, side by side",
			"backend-trusts-client-headers"},
		{"files, their names and modes",
			"storage-unreachable storage-not-writable storage-not-readable storage-corrupt storage-visible-late storage-case-mismatch storage-unicode-normalization " +
				"handoff-forbidden nginx-permission-denied apache-permission-denied lighttpd-permission-denied caddy-permission-denied"},
		{"nothing answers, or not in time",
			"backend-unreachable backend-timeout proxy-unreachable"},
		{"volumes of containers",
			"storage-mount-not-shared"},
	} {
		for code := range strings.FieldsSeq(l.codes) {
			list[code] = l.why
		}
	}
	return list
}
