package nginx

import (
	"errors"
	"maps"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/internal/servertest"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// refusal matches nginx's message on a configuration that it refuses.
var refusal = regexp.MustCompile(`\[(?:emerg|crit|alert)\] (?:\d+#\d+: )?(.*?)(?: in (\S+):(\d+))?\n`)

// formal matches those messages that are about the form of a configuration,
// not about what directives mean.
var formal = regexp.MustCompile(`^unexpected "."$|^unexpected end of file|^too long parameter|is not terminated by|has no opening|^invalid number of arguments in "(\w+)"|^open\(\) |read\(\) |^"http" directive is duplicate|^unknown directive "\x{FEFF}`)

// refusals matches the messages of meaning that are found as well.
var refusals = regexp.MustCompile(`^unknown directive "\d|^"(?:` + strings.Join(once, "|") + `)" directive is duplicate|^"(?:` + strings.Join(slices.Collect(maps.Keys(contexts)), "|") + `)" directive is not allowed here|` +
	`^invalid parameter "(?:root|server_name|return|index)"|^duplicate location|cannot be inside|level only|is outside location|^invalid condition|in condition$|^"proxy_pass" cannot have URI|` +
	`missing closing parenthesis|unmatched closing|missing terminating \]|^pcre2_compile\(\) failed: \\ at end`)

// verdict is what `nginx -t` says.
type verdict struct {
	ok      bool // it takes the file
	formal  bool // it refuses the file for its form, or for what else is found
	message string
	file    string
	line    int
}

// nginxTest asks nginx for its opinion. Nothing is executed and nothing listens.
func nginxTest(t testing.TB, binary, main string) verdict {
	t.Helper()
	out, err := exec.Command(binary, "-t", "-p", filepath.Dir(main), "-c", main, "-e", "stderr").CombinedOutput()
	if err == nil {
		return verdict{ok: true}
	}
	m := refusal.FindStringSubmatch(string(out))
	if m == nil {
		t.Fatalf("nginx -t: %v: %s", err, out)
	}
	v := verdict{message: m[1], file: m[2]}
	v.line, _ = strconv.Atoi(m[3])
	v.formal = formal.MatchString(v.message) || refusals.MatchString(v.message)
	if name := formal.FindStringSubmatch(v.message); name != nil && name[1] != "" {
		_, v.formal = arities[name[1]]
	}
	return v
}

// compare holds what was read against nginx's opinion. nginx stops at the
// first fault, of meaning too; up to there both must agree.
func (v verdict) compare(t testing.TB, problems []conf.Problem) {
	t.Helper()
	var first conf.Problem
	if len(problems) > 0 {
		first = problems[0]
	}
	switch {
	case v.ok && len(problems) > 0:
		t.Errorf("nginx takes it, we say: %s", first)
	case v.formal && len(problems) == 0:
		t.Errorf("nginx says: %s in %s:%d; we take it", v.message, v.file, v.line)
	case v.formal && v.line != 0 && first.Kind != conf.NotText:
		exact := strings.HasPrefix(v.message, "unexpected") && !strings.HasSuffix(v.message, "condition") || strings.HasPrefix(v.message, "too long")
		if first.Pos.File != v.file || first.Pos.Line > v.line || exact && first.Pos.Line != v.line {
			t.Errorf("nginx says: %s in %s:%d; we say: %s", v.message, v.file, v.line, first)
		}
	case !v.ok && !v.formal && len(problems) > 0 && v.line != 0 && first.Pos.File == v.file && first.Pos.Line < v.line && first.Kind == conf.Syntax && !strings.Contains(v.message, `of the "listen" directive`):
		// An arity that nginx sees only at the end of the directive cannot be later.
		t.Errorf("nginx only says: %s in %s:%d; we say: %s", v.message, v.file, v.line, first)
	}
}

// problemsOf reads a configuration from the disk.
func problemsOf(t testing.TB, path string) []conf.Problem {
	t.Helper()
	var e *conf.Error
	s, err := Load(path, load.Options{})
	if err == nil {
		_, err = Parse(s)
	}
	if err == nil {
		return nil
	}
	if !errors.As(err, &e) || len(e.Problems) == 0 {
		t.Fatalf("not a conf.Error with a problem: %#v", err)
	}
	return slices.DeleteFunc(e.Problems, func(p conf.Problem) bool { return p.Kind == conf.Doubtful })
}

func TestReadsWhatNginxReads(t *testing.T) {
	cases := corpus(t)
	if len(cases) < 80 {
		t.Errorf("%d cases", len(cases))
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		t.Run(name, func(t *testing.T) {
			c := cases[name]
			main := inFolder(t, c, t.TempDir())
			problems := problemsOf(t, main)
			if c.OK != (len(problems) == 0) {
				t.Errorf("ok is %v, problems: %v", c.OK, problems)
			}
			v := nginxTest(t, need.Server(t, "nginx"), main)
			if v.ok != c.OK {
				t.Errorf("nginx says: %+v", v)
			}
			v.compare(t, problems)
		})
	}
}

// TestReadsMutations changes a few bytes of what nginx takes, each time other
// ones, and asks both again.
func TestReadsMutations(t *testing.T) {
	binary := need.Server(t, "nginx")
	cases := corpus(t)
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(cases)), func(n string) bool { return !cases[n].OK })
	random := rand.New(rand.NewPCG(1, 2))
	const bytes = "{};\"'\\#$ \n\r\t)(}{;a/"
	dir := t.TempDir()
	refused := 0
	for i := range 400 {
		name := names[i%len(names)]
		text := cases[name].Files["nginx.conf"]
		if len(text) == 0 || len(text) > 3000 {
			continue
		}
		text = servertest.Mutate(random, text, bytes)
		c := servertest.ReadCase{Files: maps.Clone(cases[name].Files)}
		c.Files["nginx.conf"] = text
		main := inFolder(t, c, filepath.Join(dir, strconv.Itoa(i)))
		v := nginxTest(t, binary, main)
		if v.formal {
			refused++
		}
		v.compare(t, problemsOf(t, main))
		if t.Failed() {
			t.Fatalf("%s, changed to:\n%s", name, text)
		}
	}
	if refused < 50 {
		t.Errorf("only %d of the texts are refused for their form: the test shows little", refused)
	}
}
