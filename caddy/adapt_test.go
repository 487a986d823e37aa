package caddy

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/conf"
)

// dumped is what a configuration comes to, as text: each server by the
// addresses it listens on, its routes and their handlers in order.
func dumped(c *Config) string {
	var parts []string
	for _, s := range c.Servers {
		for _, l := range s.Listen {
			var b strings.Builder
			fmt.Fprintf(&b, "server %s tls=%v\n", l, s.TLS)
			writeRoutes(&b, s.Routes, "  ")
			if s.Errors != nil {
				b.WriteString("  errors\n")
				writeRoutes(&b, s.Errors, "    ")
			}
			parts = append(parts, b.String())
		}
	}
	sort.Strings(parts)
	return strings.Join(parts, "")
}

func writeRoutes(b *strings.Builder, routes []*Route, in string) {
	groups := map[string]int{} // their names are of no consequence
	for _, r := range routes {
		if r.Group != "" && groups[r.Group] == 0 {
			groups[r.Group] = len(groups) + 1
		}
		fmt.Fprintf(b, "%sroute [%s] group=%d terminal=%v\n", in, dumpSets(r.Match), groups[r.Group], r.Terminal)
		for _, h := range r.Handlers {
			writeHandler(b, h, in+"  ")
		}
	}
}

func writeHandler(b *strings.Builder, h *Handler, in string) {
	fmt.Fprintf(b, "%s%s", in, h.Name)
	if h.Rewrite != nil {
		fmt.Fprintf(b, " %+v", *h.Rewrite)
	}
	if p := h.Proxy; p != nil {
		for _, u := range p.Upstreams {
			fmt.Fprintf(b, " %s", u.Addr)
		}
		fmt.Fprintf(b, " %v %s %v %v %q%q", p.Dynamic, p.Transport, p.TLS, p.Retries, p.Root, p.Split)
		if p.Rewrite != nil {
			fmt.Fprintf(b, " %+v", *p.Rewrite)
		}
		writeHeaders(b, p.Up)
	}
	if f := h.Files; f != nil {
		hide := slices.DeleteFunc(slices.Clone(f.Hide), func(s string) bool { return strings.HasSuffix(s, "/Caddyfile") })
		fmt.Fprintf(b, " root=%q hide=%q index=%q %v %v %q %v", f.Root, hide, f.Index, f.PassThru, f.Browse, f.Status, f.Canonical)
	}
	for _, v := range h.Vars {
		fmt.Fprintf(b, " %s=%q", v.Name, v.Value)
	}
	if s := h.Static; s != nil {
		body := s.Body
		if strings.Contains(body, "window.location.replace") || strings.HasPrefix(body, "a page that redirects") {
			body = "a page"
		}
		header := slices.DeleteFunc(slices.Clone(s.Header), func(f Field) bool { return f.Name == "Content-Type" })
		fmt.Fprintf(b, " %s %q %q %v %q", s.Status, body, header, s.Abort, s.Message)
	}
	writeHeaders(b, h.Headers)
	encodings := slices.Clone(h.Encodings)
	sort.Strings(encodings)
	fmt.Fprintf(b, " %q%q%q %s\n", h.Include, h.Exclude, encodings, h.Invoke)
	for _, r := range h.Responses {
		match := ""
		if r.Match != nil {
			match = fmt.Sprintf("%v %q", r.Match.Status, r.Match.Fields)
		}
		fmt.Fprintf(b, "%s  response [%s] %s\n", in, match, r.Status)
		writeRoutes(b, r.Routes, in+"    ")
	}
	writeRoutes(b, h.Routes, in+"  ")
	writeRoutes(b, h.Errors, in+"  ! ")
}

func writeHeaders(b *strings.Builder, h *Headers) {
	if h == nil {
		return
	}
	for _, list := range [][]HeaderChange{h.Request, h.Response} {
		var words []string
		for _, c := range list {
			words = append(words, fmt.Sprintf("%s %s=%q", c.Op, c.Name, c.Value))
		}
		sort.Strings(words)
		fmt.Fprintf(b, " %v", words)
	}
	fmt.Fprintf(b, " %v", h.Deferred)
}

// adapt is what the real Caddy makes of a Caddyfile: JSON, or an error.
func adapt(t testing.TB, dir string) (string, error) {
	t.Helper()
	cmd := exec.Command(need.Server(t, program), "adapt", "--config", filepath.Join(dir, mainFile), "--adapter", adapterName)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
	for name, value := range testEnv {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var out, problems strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%w: %s", err, problems.String())
	}
	return out.String(), nil
}

// TestAsAdapted holds the reader to Caddy's own: what both make of the corpus
// comes to the same servers, routes and handlers.
func TestAsAdapted(t *testing.T) {
	for name, c := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			c.Write(t, dir, nil)
			adapted, err := adapt(t, dir)
			if (err == nil) != c.OK {
				t.Fatalf("Caddy says %v\n%s", err, c.Files[mainFile])
			}
			source, err := loaded(t, filepath.Join(dir, mainFile))
			if err != nil {
				t.Fatal(err)
			}
			got, problem := Parse(source)
			if (problem == nil) != c.OK {
				t.Fatalf("the reader says %v", problem)
			}
			if !c.OK {
				return
			}
			want, problem := Parse(conf.Source{Roots: []string{"adapted.json"}, Files: []conf.File{{Path: "adapted.json", Text: adapted}}})
			if problem != nil {
				t.Fatal(problem)
			}
			if d := cmp.Diff(dumped(want), dumped(got)); d != "" {
				t.Errorf("(-adapted +read)\n%s", d)
			}
		})
	}
}

// loaded reads a configuration with the whole environment of the tests.
func loaded(t testing.TB, path string) (conf.Source, error) {
	t.Helper()
	s, err := Load(path, LoadOptions{Env: lookIn(testEnv)})
	s.Files = slices.DeleteFunc(s.Files, func(f conf.File) bool { return f.Path == envFile })
	var all strings.Builder
	for name, value := range testEnv {
		all.WriteString(name + "=" + value + "\n")
	}
	s.Files = append(s.Files, conf.File{Path: envFile, Text: all.String()})
	return s, err
}

// testEnv is the environment of the corpus.
var testEnv = map[string]string{
	"PROXYDIAG_TEST_FOLDER": "/srv/env", "PROXYDIAG_TEST_ADDRESS": ":8080", "PROXYDIAG_TEST_WORDS": `"two words" 201`, "PROXYDIAG_TEST_EMPTY": "",
}

func lookIn(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}
