package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/gate"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// gatedRows are the rows whose fault, if any, lies in the configuration.
func gatedRows() []row {
	rows := slices.Concat(nginxCauseRows(), apacheCauseRows(), lighttpdCauseRows(), caddyCauseRows())
	for _, k := range all.Kinds() {
		for _, s := range k.Samples {
			rows = append(rows, row{name: "sample " + s.Name, kind: &k, sample: s.Name})
		}
	}
	return slices.DeleteFunc(rows, func(r row) bool {
		environment := strings.HasSuffix(r.code, "-upstream-unreachable") || r.code == "proxy-bad-gateway"
		return environment || r.flags != nil || r.backend != nil || r.file != "" || r.launch != nil || r.only == own
	})
}

// ungated are rows whose stacks gate cannot have, with the reason.
func ungated() map[string]string {
	return map[string]string{
		"nginx: symbolic links refused": "the link is on the machine of the stack only",
		"nginx: public twin by a link":  "the link is on the machine of the stack only",
		"nginx: a link to the folder":   "the link is on the machine of the stack only",
		"caddy: twin by a link":         "the link is on the machine of the stack only",
		"caddy: a link to the folder":   "the link is on the machine of the stack only",
		"lighttpd: the document root":   "the link is on the machine of the stack only",

		"apache: a pattern that looks ahead before": "which of two applications is meant nobody says",

		"apache: for a module that nobody has": "which modules a fragment's surroundings load is not known",
	}
}

// TestGateSaysWhatCheckSays: with a statement of intent gate finds in a
// configuration what check does on the stack that runs it, at the same line.
func TestGateSaysWhatCheckSays(t *testing.T) {
	t.Parallel()
	for _, r := range gatedRows() {
		kind := all.Kinds()[0]
		if r.kind != nil {
			kind = *r.kind
		}
		if kind.Sandbox == nil {
			continue
		}
		if ungated()[kind.Name+": "+r.name] != "" {
			continue
		}
		t.Run(kind.Name+"/"+strings.ReplaceAll(r.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			s := sample(t, kind, downloadsOf(r))
			text := s.Text
			if r.site != nil {
				text = r.site(t, text)
			}
			rep := tryGate(t, kind, text, gate.Intent{Storage: s.Storage, Sendfile: s.Sendfile, Path: "http://" + server.Placeholders().Listen + s.Path})
			code, place := "", ""
			for _, f := range rep.Findings {
				if f.Counts(diag.Warning) || f.Code == r.code {
					code = f.Code
					if f.Location != nil {
						lines := append([]string{""}, strings.Split(text, "\n")...)
						if place = lines[f.Location.Line]; strings.TrimSpace(lines[f.Location.Line-1]) == "# here" {
							place += " # here" // what is marked is the next line, see apacheCauseRows
						}
					}
					break
				}
			}
			if diff := cmp.Diff(r.code, code); diff != "" {
				t.Errorf("finding (-want +got):\n%s%s", diff, marshal(t, rep))
			}
			if strings.Contains(text, "# here") && code != "" && !strings.Contains(place, "# here") {
				t.Errorf("it points at %q", place)
			}
		})
	}
}

func downloadsOf(r row) string {
	if r.sample != "" {
		return r.sample
	}
	return "downloads.conf"
}

// tryGate tries a configuration.
func tryGate(t *testing.T, kind server.Kind, text string, intent gate.Intent, otherwise ...func(*gate.Options)) diag.Report {
	t.Helper()
	file := t.TempDir() + "/site.conf"
	write(t, file, text)
	return tryFile(t, kind, file, intent, otherwise...)
}

// tryFile tries the configuration that a file is.
func tryFile(t testing.TB, kind server.Kind, file string, intent gate.Intent, otherwise ...func(*gate.Options)) diag.Report {
	t.Helper()
	need.Server(t, kind.Program)
	source, err := kind.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := kind.Sandbox.(server.Completer); ok {
		source, _ = c.Complete(source)
	}
	o := gate.Options{Kind: kind, Config: &diag.Config{Kind: kind.Name, Source: source}, Intent: intent}
	for _, change := range otherwise {
		change(&o)
	}
	rep, err := gate.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// TestGateRealStorage: with the real folders what is wrong with them is found,
// and they are as before afterwards.
func TestGateRealStorage(t *testing.T) {
	t.Parallel()
	kind := all.Kinds()[0]
	need.Server(t, kind.Program)
	folder := storage(t)
	for _, c := range []struct{ name, folder, code string }{
		{"there", folder, ""}, {"not there", folder + "/absent", "storage-unreachable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := sample(t, kind, "downloads.conf").Render(server.Values{Storage: c.folder})
			rep := tryGate(t, kind, s.Text, gate.Intent{}, func(o *gate.Options) { o.RealStorage = true })
			code := ""
			if len(rep.Findings) > 0 {
				code = rep.Findings[0].Code
			}
			if code != c.code || (rep.Status == diag.Healthy) != (c.code == "") {
				t.Errorf("%s: %q", rep.Status, code)
			}
			if names := listing(t, folder); len(names) > 1 {
				t.Errorf("left: %v", names)
			}
		})
	}
}
