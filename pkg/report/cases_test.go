package report

import (
	"strings"
	"time"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// testCase is a report made by hand and the options that it is written with.
type testCase struct {
	name string
	rep  diag.Report
	opts Options
}

var started = time.Date(2025, 11, 20, 12, 30, 0, 0, time.UTC)

// titles are the checks of a run.
var titles = [][2]string{
	{"storage", "a file can be put into the storage and read back"},
	{"backend", "the backend port answers with the right handoff"},
	{"direct", "the proxy can serve the storage at all"},
	{"end-to-end", "the proxy port delivers the file"},
	{"offload", "the proxy sends the file, not the application"},
	{"exposure", "nobody gets at the files without the application"},
	{"errors", "refused and missing downloads stay errors"},
	{"head", "HEAD tells what GET does"},
	{"headers", "the backend's header survives as it should"},
}

// outcome is a check that did not pass, and why.
type outcome struct {
	status diag.Status
	reason string
}

func checks(except map[string]outcome) []diag.CheckResult {
	var list []diag.CheckResult
	for i, t := range titles {
		c := diag.CheckResult{ID: t[0], Title: t[1], Status: diag.Pass, DurationMS: float64(i*i) * 1.3}
		if o, ok := except[t[0]]; ok {
			c.Status, c.Reason = o.status, o.reason
		}
		list = append(list, c)
	}
	return list
}

func report(status diag.Verdict, culprit diag.Part, except map[string]outcome, findings ...diag.Finding) diag.Report {
	return diag.Report{
		Version: diag.ReportVersion, Tool: diag.Tool{Name: "proxydiag", Version: "0.1.0"}, Started: started, DurationMS: 84.2,
		Stack: diag.Stack{
			Storage: "/srv/media", Backend: "http://127.0.0.1:9000/dl/", Proxy: "http://127.0.0.1:8080/dl/",
			Sendfile: "nginx:/protected/",
		},
		Status: status, Culprit: culprit, Checks: checks(except), Findings: findings,
	}
}

var noDirect = outcome{diag.Skip, "no --direct URL is given"}

// undelivered are the outcomes of a run whose download does not arrive.
func undelivered(endToEnd string) map[string]outcome {
	o := map[string]outcome{"direct": noDirect, "end-to-end": {diag.Fail, endToEnd}}
	for _, id := range []string{"offload", "errors", "head", "headers"} {
		o[id] = outcome{diag.Unknown, "the download does not arrive, so there is nothing to look at"}
	}
	return o
}

func healthy() diag.Report {
	return report(diag.Healthy, diag.PartNone, map[string]outcome{"direct": noDirect}, droppedHeaders())
}

func droppedHeaders() diag.Finding {
	return diag.Finding{
		Code: "handoff-headers-dropped", Severity: diag.Info, Culprit: diag.PartHandoff, Check: "headers",
		Title:  "The handoff drops header fields that it cannot keep",
		Detail: "The backend's ETag and X-Content-Type-Options do not arrive; the proxy makes its own ETag.",
		Fix:    "Add the fields in the internal location.",
	}
}

func backendCulprit() diag.Report {
	o := undelivered("There is no file (follows from backend-wrong-dialect)")
	o["backend"] = outcome{diag.Fail, "The backend speaks another dialect than the proxy"}
	return report(diag.Misconfigured, diag.PartBackend, o, diag.Finding{
		Code: "backend-wrong-dialect", Severity: diag.Error, Culprit: diag.PartBackend, Check: "backend",
		Title:  "The backend speaks another dialect than the proxy",
		Detail: "The backend answers X-Sendfile, and the proxy acts on X-Accel-Redirect only: the client gets an empty 200.",
		Evidence: []diag.Evidence{
			{Kind: diag.EvidenceDiff, Text: "the same download on both ports", Probe: "proxy-get", Rows: []diag.Row{
				{Field: "Status", Backend: "200 OK", Proxy: "200 OK", Expected: "200 on both"},
				{Field: "X-Sendfile", Backend: "/srv/media/proxydiag-main-7f3a.bin", Proxy: "/srv/media/proxydiag-main-7f3a.bin", Expected: "on the backend port only"},
				{Field: "Body", Backend: "empty", Proxy: "empty", Expected: "the stored file at the proxy"},
			}},
			{Kind: diag.EvidenceSeen, Text: "the backend port saw: GET /dl/proxydiag-main-7f3a.bin (Host: 127.0.0.1:9000) → 200"},
		},
		Fix:          "Let the application send X-Accel-Redirect: /protected/… instead of X-Sendfile.",
		Consequences: []diag.Consequence{{Code: "handoff-ignored", Title: "The proxy does not act on the handoff"}},
	})
}

func proxyCulprit() diag.Report {
	return report(diag.Misconfigured, diag.PartProxy, undelivered("The proxy cannot reach the backend"), diag.Finding{
		Code: "proxy-bad-gateway", Severity: diag.Error, Culprit: diag.PartProxy, Check: "end-to-end",
		Title:  "The proxy cannot reach the backend",
		Detail: "The proxy answers 502 Bad Gateway. The backend answers us on its own port, so the proxy asks somewhere else, or is not let through.",
		Evidence: []diag.Evidence{
			{Kind: diag.EvidenceExchange, Text: "GET http://127.0.0.1:8080/dl/proxydiag-main-7f3a.bin\n→ 502 Bad Gateway, body: 157 bytes, not the file (differs at offset 0)"},
			{Kind: diag.EvidenceLog, Text: "the proxy's error log says:", Lines: []diag.Location{
				{File: "/var/log/proxy/error.log", Line: 1207, Text: "2025/11/20 12:30:00 [error] 71#71: *1 connect() failed (111: Connection refused) while connecting to upstream"},
			}},
		},
		Fix: "Correct the address that the proxy passes requests to.",
	})
}

func handoffCulprit() diag.Report {
	return report(diag.Misconfigured, diag.PartHandoff, undelivered("There is no file where the proxy looks (follows from root-for-alias)"), diag.Finding{
		Code: "root-for-alias", Severity: diag.Error, Culprit: diag.PartHandoff, Check: "end-to-end", Symptom: "handoff-not-found",
		Title:  "The internal location says root where alias is meant",
		Detail: "The handoff /protected/proxydiag-main-7f3a.bin makes the proxy open /srv/media/protected/proxydiag-main-7f3a.bin; the file is at /srv/media/proxydiag-main-7f3a.bin.",
		Evidence: []diag.Evidence{
			{Kind: diag.EvidenceDiff, Text: "the same download on both ports", Rows: []diag.Row{
				{Field: "Status", Backend: "200 OK", Proxy: "404 Not Found", Expected: "200 on both"},
				{Field: "X-Accel-Redirect", Backend: "/protected/proxydiag-main-7f3a.bin", Expected: "on the backend port only"},
				{Field: "Body", Backend: "empty", Proxy: "153 bytes, not the file (differs at offset 0)", Expected: "the stored file at the proxy"},
			}},
			{Kind: diag.EvidenceConfig, Text: "the location that takes the handoff:", Lines: []diag.Location{
				{File: "/etc/proxy/sites/media.conf", Line: 12, Text: "    location /protected/ {"},
				{File: "/etc/proxy/sites/media.conf", Line: 13, Text: "        internal;"},
				{File: "/etc/proxy/sites/media.conf", Line: 14, Text: "        root /srv/media;"},
			}},
		},
		Location: &diag.Location{File: "/etc/proxy/sites/media.conf", Line: 14, Column: 2, Text: "\troot\t/srv/media;"},
		Fix:      "Write alias /srv/media/; instead, with the slash at its end.",
		Consequences: []diag.Consequence{
			{Code: "proxy-ranges-broken", Title: "Parts of a file cannot be asked for"},
			{Code: "proxy-head-broken", Title: "HEAD does not tell what GET does"},
		},
		Possible: []diag.Consequence{{Code: "wrong-directory", Title: "The internal location names another folder"}},
	})
}

func storageCulprit() diag.Report {
	o := map[string]outcome{"storage": {diag.Fail, "Nothing can be written into the storage"}, "direct": noDirect}
	for _, t := range titles {
		if _, known := o[t[0]]; !known {
			o[t[0]] = outcome{diag.Unknown, "the storage leg failed first"}
		}
	}
	return report(diag.Misconfigured, diag.PartStorage, o, diag.Finding{
		Code: "storage-not-writable", Severity: diag.Error, Culprit: diag.PartStorage, Check: "storage",
		Title:    "Nothing can be written into the storage",
		Detail:   "put /srv/media/proxydiag-main-7f3a.bin: permission denied",
		Evidence: []diag.Evidence{{Kind: diag.EvidenceFile, Text: "/srv/media: drwxr-xr-x root root, we are uid 1000"}},
		Fix:      "Run proxydiag as a user who may write there, or let the folder be writable for its group.",
	})
}

func inconclusive() diag.Report {
	return report(diag.Inconclusive, diag.PartNone, undelivered("the proxy answers 404 Not Found, body: 153 bytes; "+
		"the answers do not show whether the backend was asked; run with --companion in the application's place, or give --config or --error-log"))
}

// several faults of a stack whose downloads arrive.
func several() diag.Report {
	rep := report(diag.Misconfigured, diag.PartHandoff, map[string]outcome{
		"direct":   {diag.Fail, "The direct location serves another folder"},
		"exposure": {diag.Fail, "The internal URI is served to anyone"},
		"headers":  {diag.Fail, "The proxy makes a private download cacheable"},
	}, diag.Finding{
		Code: "handoff-internal-exposed", Severity: diag.Warning, Culprit: diag.PartHandoff, Check: "exposure",
		Title:    "The internal URI is served to anyone",
		Detail:   "GET /protected/proxydiag-main-7f3a.bin without the application gives the file.",
		Evidence: []diag.Evidence{{Kind: diag.EvidenceExchange, Text: "GET http://127.0.0.1:8080/protected/proxydiag-main-7f3a.bin\n→ 200 OK, body: 4096 bytes, the stored file"}},
		Fix:      "Mark the location as internal.",
	}, diag.Finding{
		Code: "proxy-cache-control-overridden", Severity: diag.Warning, Culprit: diag.PartProxy, Check: "headers",
		Title:  "The proxy makes a private download cacheable",
		Detail: "The backend says private, the client sees public.",
		Evidence: []diag.Evidence{{Kind: diag.EvidenceDiff, Text: "fields of the same download on both ports", Rows: []diag.Row{
			{Field: "Cache-Control", Backend: "private", Proxy: "max-age=3600\npublic", Expected: "private", Meaning: "changed on the way: shared caches may keep the file"},
		}}},
		Location:     &diag.Location{File: "/etc/proxy/sites/media.conf", Line: 8, Column: 5, Text: "expires 1h;"},
		Fix:          "Remove the directive from the download location.",
		Consequences: []diag.Consequence{{Code: "proxy-header-duplicated", Title: "Fields arrive twice"}},
		Possible:     []diag.Consequence{{Code: "map-by-type", Title: "A map gives the lifetime by type"}},
	}, diag.Finding{
		Code: "proxy-direct-broken", Severity: diag.Warning, Culprit: diag.PartProxy, Check: "direct",
		Title:  "The direct location fails while the handoff works",
		Detail: "The direct URL answers 404 Not Found.",
		Fix:    "Let both locations name the same folder.",
	}, droppedHeaders())
	rep.Stack.Name, rep.Stack.Direct = "staging", "http://127.0.0.1:8080/direct/"
	return rep
}

// long has values that are longer than any column.
func long() diag.Report {
	rep := handoffCulprit()
	rep.Stack.Proxy = "https://downloads.intranet.a-rather-long-company-name.example.org:8443/files/{name}"
	rep.Stack.Storage = "/mnt/" + strings.Repeat("very-long-folder-name/", 6) + "media"
	rep.Findings = []diag.Finding{rep.Findings[0]}
	f := &rep.Findings[0]
	f.Location = &diag.Location{File: "/etc/proxy/" + strings.Repeat("sites/", 14) + "a.conf", Line: 12045, Column: 115,
		Text: "  " + strings.Repeat("set $a 1; ", 11) + "  root " + strings.Repeat("/srv/media", 10) + ";"}
	f.Evidence = []diag.Evidence{{Kind: diag.EvidenceDiff, Text: "fields of the same download on both ports", Rows: []diag.Row{
		{Field: "Content-Disposition", Backend: `attachment; filename="` + strings.Repeat("n", 70) + `"; filename*=UTF-8''%E2%82%AC`, Proxy: "attachment", Expected: "as the backend sends it"},
		{Field: "Set-Cookie", Backend: "sha256:" + strings.Repeat("0123456789abcdef", 4), Proxy: "sha256:" + strings.Repeat("fedcba9876543210", 4), Expected: "as the backend sends it"},
		{Field: "X-名前", Backend: strings.Repeat("漢字かな", 12), Proxy: "é́ 👩‍👩‍👧 ok"},
	}}}
	return rep
}

// escape sequences that a hostile peer would like to reach the terminal.
const hostileText = "a\x1b[31mred\x1b]0;title\x07\x1b[2J\u009b31m\u202egnp.exe\u200b\x7f\r\xff\xc2z\U000e0041"

func hostile() diag.Report {
	rep := proxyCulprit()
	f := rep.Findings[0]
	f.Title, f.Detail = "Bad "+hostileText, "It says\n"+hostileText
	f.Evidence = []diag.Evidence{{Kind: diag.EvidenceDiff, Text: "both ports", Rows: []diag.Row{
		{Field: "Server", Backend: "ok", Proxy: hostileText, Expected: "ok", Meaning: hostileText},
	}}, {Kind: diag.EvidenceLog, Text: hostileText, Lines: []diag.Location{{File: hostileText, Line: 3, Text: hostileText}}}}
	f.Location = &diag.Location{File: hostileText, Line: 7, Column: 2, Text: " " + hostileText}
	rep.Findings = []diag.Finding{f}
	return rep
}

// tried is a configuration that was tried: three ways of a download, one of
// which fails, and one that could not be judged.
func tried() diag.Report {
	rep := handoffCulprit()
	rep.Stack = diag.Stack{Name: "deploy/site.conf"}
	rep.Pairs = []diag.Pair{
		{Via: "files.example.com /", To: "/protected/ (/srv/media)", Status: diag.Misconfigured, Culprit: diag.PartHandoff, Findings: []diag.Shown{{Code: "root-for-alias", Severity: diag.Error}}},
		{Via: "files.example.com:8443 /api/", To: "/avatars/ (/srv/avatars)", Status: diag.Healthy, Culprit: diag.PartNone, Findings: []diag.Shown{}},
		{Via: "files.example.com /admin/", To: "/protected/ (/srv/media)", Status: diag.Inconclusive, Culprit: diag.PartNone, Findings: []diag.Shown{}, Reason: "it asks for a password"},
	}
	rep.Findings[0].Pairs = []string{"files.example.com / → /protected/ (/srv/media)"}
	rep.Changes = []conf.Problem{{Pos: conf.Pos{File: "deploy/site.conf", Line: 3, Column: 5}, Kind: conf.Doubtful, Message: "this server has no module for shrink: it is left out"}}
	return rep
}

func cases() []testCase {
	secret := healthy()
	secret.Stack.Header = compare.Header{{Name: "Cookie", Value: "sha256:0123456789abcdef"}}
	return []testCase{
		{"healthy", secret, Options{}},
		{"backend", backendCulprit(), Options{}},
		{"proxy", proxyCulprit(), Options{}},
		{"handoff", handoffCulprit(), Options{}},
		{"handoff-color", handoffCulprit(), Options{Color: true}},
		{"handoff-40", handoffCulprit(), Options{Width: 40}},
		{"handoff-120", handoffCulprit(), Options{Width: 120}},
		{"storage", storageCulprit(), Options{}},
		{"inconclusive", inconclusive(), Options{}},
		{"several", several(), Options{}},
		{"several-40", several(), Options{Width: 40}},
		{"long", long(), Options{}},
		{"long-40", long(), Options{Width: 40}},
		{"long-120", long(), Options{Width: 120}},
		{"hostile", hostile(), Options{}},
		{"tried", tried(), Options{}},
		{"tried-40", tried(), Options{Width: 40}},
	}
}
