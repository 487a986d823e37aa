// Package contrib holds what helps to run proxydiag serve; its tests hold that
// to the program.
package contrib

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/internal/project"
	"github.com/proxydiag/proxydiag/internal/serve"
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func output(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// metric is the name of a metric of ours in an expression.
var metric = regexp.MustCompile(`\b(?:proxydiag|probe)_[a-z_]+`)

// known says that a name is that of a metric that is told.
func known(t *testing.T, where, expr string) {
	t.Helper()
	names := metric.FindAllString(expr, -1)
	for _, name := range names {
		base := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		if !slices.Contains(serve.Metrics(), base) {
			t.Errorf("%s: there is no metric %s", where, name)
		}
	}
}

// TestRules: Prometheus takes the rules, the tests of the rules pass, and the
// metrics and codes in them are there.
func TestRules(t *testing.T) {
	promtool := need.Server(t, "promtool")
	output(t, promtool, "check", "rules", "prometheus-rules.yaml")
	output(t, promtool, "test", "rules", "prometheus-rules-test.yaml")
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, "prometheus-rules.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, r := range all.Rules() {
		codes = append(codes, r.Code)
	}
	tests := read(t, "prometheus-rules-test.yaml")
	for _, r := range file.Groups[0].Rules {
		known(t, r.Alert, r.Expr)
		if !strings.Contains(tests, "alertname: "+r.Alert+"\n") {
			t.Errorf("%s has no test", r.Alert)
		}
		for _, m := range regexp.MustCompile(`code=~"([^"]*)"`).FindAllStringSubmatch(r.Expr, -1) {
			for code := range strings.SplitSeq(m[1], "|") {
				if !slices.Contains(codes, code) {
					t.Errorf("%s: there is no finding %s", r.Alert, code)
				}
			}
		}
	}
}

// TestDashboard: the expressions are Prometheus's, and what they ask for is
// there.
func TestDashboard(t *testing.T) {
	promtool := need.Server(t, "promtool")
	var board struct {
		Panels []struct {
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(read(t, "grafana-dashboard.json")), &board); err != nil {
		t.Fatal(err)
	}
	if len(board.Panels) < 8 {
		t.Fatalf("%d panels", len(board.Panels))
	}
	type rule struct {
		Record string `yaml:"record"`
		Expr   string `yaml:"expr"`
	}
	var rules []rule
	for i, p := range board.Panels {
		for _, target := range p.Targets {
			known(t, p.Title, target.Expr)
			rules = append(rules, rule{fmt.Sprintf("panel:%d", i), strings.ReplaceAll(target.Expr, "$", "")})
		}
		for _, q := range board.Panels[:i] {
			a, b := p.GridPos, q.GridPos
			if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("%s lies over %s", p.Title, q.Title)
			}
		}
	}
	text, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": rules}}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	output(t, promtool, "check", "rules", "--lint=none", file)
}

// TestUnit: systemd takes the unit, and its command line is one.
func TestUnit(t *testing.T) {
	unit := read(t, "proxydiag.service")
	m := regexp.MustCompile(`(?m)^ExecStart=(\S+) serve (.*)$`).FindStringSubmatch(unit)
	if m == nil {
		t.Fatal("the unit starts nothing of ours")
	}
	for _, word := range regexp.MustCompile(`--[a-z-]+`).FindAllString(m[2], -1) {
		if !slices.Contains([]string{"--file", "--state", "--listen", "--templates", "--log-format"}, word) {
			t.Errorf("serve has no flag %s", word)
		}
	}
	analyze := need.Server(t, "systemd-analyze")
	file := filepath.Join(t.TempDir(), "proxydiag.service")
	text := strings.NewReplacer(m[1], "/bin/true", "Documentation=man:proxydiag-serve(1)\n", "").Replace(unit)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	output(t, analyze, "verify", "--man=no", file)
}

// TestKubernetes: the manifest is YAML, what it mounts is there, and its
// configuration is ours.
func TestKubernetes(t *testing.T) {
	type object struct {
		Kind     string
		Metadata struct{ Name string }
		Data     map[string]string
		Spec     struct {
			Template struct {
				Spec struct {
					Containers []struct {
						Args         []string
						VolumeMounts []struct{ Name string } `yaml:"volumeMounts"`
					}
					Volumes []struct{ Name string }
				}
			}
		}
	}
	var kinds []string
	for d := yaml.NewDecoder(strings.NewReader(read(t, "kubernetes.yaml"))); ; {
		var o object
		if err := d.Decode(&o); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, o.Kind)
		if text := o.Data["proxydiag.yaml"]; text != "" {
			keys := []project.Key{{Name: "storage"}, {Name: "backend"}, {Name: "proxy"}}
			stacks, err := project.Parse("proxydiag.yaml", text, project.Options{Keys: keys, Serve: func(n project.Node) { serve.Read(n) }})
			if err != nil || len(stacks) != 1 {
				t.Errorf("%v", err)
			}
		}
		spec := o.Spec.Template.Spec
		for _, c := range spec.Containers {
			for _, m := range c.VolumeMounts {
				if !slices.ContainsFunc(spec.Volumes, func(v struct{ Name string }) bool { return v.Name == m.Name }) {
					t.Errorf("there is no volume %s", m.Name)
				}
			}
		}
	}
	if d := strings.Join(kinds, " "); d != "ConfigMap Deployment Service" {
		t.Error(d)
	}
}
