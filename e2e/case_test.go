package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/nginx"
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/report"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// row is one stack and what is to be said of it. Everything in it is written
// with the addresses and folders of the samples and of the world (see world).
type row struct {
	name    string
	kind    *server.Kind // nil: nginx
	code    string       // the first finding; "": none at warning or above
	near    string       // the codes, separated by blanks, that it must not be taken for
	sample  string       // the configuration to start from; "": downloads.conf
	site    edit         // what is different in it
	backend middleware   // what is different in the application
	file    string       // --name: both URLs always deliver this file
	flags   func(*setup) // what is different in the command line and the storage
	only    mode         // the one way to run it; "": every way
	config  bool         // the server's configuration and error log are given
	launch  launch       // what is different in how the server is started
}

// mode is who answers on the backend's port, and what is said about it.
type mode string

const (
	companion mode = "companion" // our download server
	own       mode = "own"       // the user's own application, with --sendfile
	learned   mode = "learned"   // the same without --sendfile
)

// modes are the ways to run a row.
func (r row) modes() []mode {
	if r.only != "" {
		return []mode{r.only}
	}
	modes := []mode{own}
	if r.file == "" { // the companion knows no fixed file
		modes = append(modes, companion)
	}
	if r.code == "" && r.near == "" {
		modes = append(modes, learned)
	}
	return modes
}

// setup is a run of the command before it begins.
type setup struct {
	Stack  diag.Stack
	Store  func(*fixture.Dir) fixture.Store // nil: the folder as it is
	Client compare.Options
	Mode   uint32
	Config *diag.Config // nil: none is given

	t     testing.TB
	mode  mode
	place func(text string) string // puts the real addresses and folders in
}

func (s *setup) open(folder string) fixture.Store {
	dir := fixture.OpenDir(folder)
	if s.Store == nil {
		return dir
	}
	return s.Store(dir)
}

// asRoot skips a case that needs a worker who is another user than we are.
func (s *setup) asRoot() {
	s.t.Helper()
	if os.Getuid() != 0 {
		s.t.Skip("not run as root: the server's worker is who we are")
	}
}

// try runs rows, all at once, in each of their modes.
func try(t *testing.T, rows []row) {
	t.Parallel()
	for _, r := range rows {
		for _, m := range r.modes() {
			t.Run(strings.ReplaceAll(r.name, " ", "-")+"/"+string(m), func(t *testing.T) {
				t.Parallel()
				r.run(t, m)
			})
		}
	}
}

func (r row) run(t *testing.T, m mode) {
	s, rec := r.observe(t, m)
	rep := all.Judge(rec)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("report: %s", marshal(t, rep))
		}
	})
	if len(rec.Left) > 0 {
		t.Errorf("left in %s: %q", s.Stack.Storage, rec.Left)
	}
	judgedAgain(t, rec, rep)
	r.assert(t, m, rep)
	if r.config {
		pointsHere(t, s, rep)
	}
}

// observe starts the stack and runs the command against it.
func (r row) observe(t *testing.T, m mode) (setup, *diag.Record) {
	t.Helper()
	name := r.sample
	if name == "" {
		name = "downloads.conf"
	}
	kind := nginx.Kind
	if r.kind != nil {
		kind = *r.kind
	}
	sample := sample(t, kind, name)
	if r.site != nil {
		sample.Text = r.site(t, sample.Text)
	}
	backend, storage := listen(t), storage(t)
	places := world(t, storage, backend.Addr().String())
	var otherwise []launch
	if r.launch != nil {
		otherwise = []launch{r.launch}
	}
	st := start(t, kind, sample, backend.Addr().String(), storage, places, otherwise...)
	write(t, filepath.Join(st.Sample.Storage, "report.txt"), strings.Repeat("A line of the report on http://old.example/ and its neighbours.\n", 500))

	s := setup{t: t, mode: m, Client: compare.Options{Timeout: 20 * time.Second}, Stack: diag.Stack{
		Storage: st.Sample.Storage, Sendfile: st.Sample.Sendfile, Companion: m == companion,
		Backend: diag.URL(st.backendURL(sample.Path)), Proxy: diag.URL(st.proxyURL(sample.Path)),
	}}
	if m == companion && r.code == "" && r.near != "" && r.only == "" {
		s.Stack.Profile = diag.Quick // the rest is asked with the application of its own
	}
	if r.file != "" {
		s.Stack.Fixed = r.file
		s.Stack.Backend, s.Stack.Proxy = diag.URL(s.Stack.Backend.For(r.file)), diag.URL(s.Stack.Proxy.For(r.file))
	}
	s.place = func(text string) string {
		return places(server.Sample{Text: text, Between: sample.Between}.Render(st.values).Text)
	}
	if r.flags != nil {
		r.flags(&s)
	}
	inPlace(&s.Stack, s.place)
	if r.config {
		s.Stack.ErrorLog = st.Proxy.ErrorLog()
		s.Stack.Config = filepath.Dir(s.Stack.ErrorLog)
		source, err := kind.Load(s.Stack.Config, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.Config = &diag.Config{Kind: kind.Name, Source: source}
	}
	return s, s.command(r.backend, backend, st.Sample.Storage)
}

// command is what `check` does, with the backend's port answered on l.
func (s setup) command(wrap middleware, l net.Listener, storage string) *diag.Record {
	s.t.Helper()
	spec, err := sendfile.ParseSpec(s.Stack.Sendfile, "")
	if err != nil {
		s.t.Fatal(err)
	}
	around := func(h http.Handler) http.Handler {
		if wrap == nil {
			return h
		}
		return wrap(h, storage)
	}
	o := diag.Observer{Store: s.open(s.Stack.Storage), Client: s.Client, Mode: s.Mode, Config: s.Config}
	switch s.mode {
	case companion:
		o.Companion = diag.NewCompanion(s.Stack.Backend, spec)
		o.Companion.Serve(l, around)
		s.t.Cleanup(func() { o.Companion.Close() })
	case learned:
		s.Stack.Sendfile = ""
		fallthrough
	default:
		app := &application{Storage: storage, Base: s.Stack.Backend.Base(), Spec: spec, File: s.Stack.Fixed}
		if app.File != "" {
			app.Base = unescaped(strings.TrimPrefix(string(s.Stack.Backend), s.Stack.Backend.Origin()))
		}
		serve(s.t, l, around(app))
	}
	folders := []string{storage, s.place("/srv/pages")}
	before := snapshot(s.t, folders)
	rec := o.Run(s.t.Context(), s.Stack, all.Families())
	if d := cmp.Diff(before, snapshot(s.t, folders)); d != "" {
		s.t.Errorf("the storage is not as it was (-before +after):\n%s", d)
	}
	return rec
}

// assert says what the row expects of a report.
func (r row) assert(t *testing.T, m mode, rep diag.Report) {
	t.Helper()
	var grave []string // findings at warning or above
	for _, f := range rep.Findings {
		if f.Severity.AtLeast(diag.Warning) {
			grave = append(grave, f.Code)
		}
		if len(f.Evidence) == 0 || f.Evidence[0].Text == "" || f.Fix == "" || f.Detail == "" || f.Title == "" {
			t.Errorf("%s lacks its detail, evidence or fix", f.Code)
		}
		if slices.Contains(strings.Fields(r.near), f.Code) {
			t.Errorf("taken for %s", f.Code)
		}
	}
	if m == own && r.code != "" && rep.Status == diag.Inconclusive && len(grave) == 0 {
		t.Log("not known without the companion's notes")
		return
	}
	type verdict struct {
		First   string
		Grave   []string
		Status  diag.Verdict
		Culprit diag.Part
	}
	want := verdict{Status: diag.Healthy, Culprit: diag.PartNone}
	got := verdict{Grave: grave, Status: rep.Status, Culprit: rep.Culprit}
	if r.code != "" {
		doc := documentation(t, r.code)
		want.First = r.code
		if doc.Severity.AtLeast(diag.Warning) {
			want.Grave, want.Status, want.Culprit = []string{r.code}, diag.Misconfigured, doc.Part
		}
		if len(rep.Findings) > 0 {
			got.First = rep.Findings[0].Code
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("verdict (-want +got):\n%s", d)
	}
}

func documentation(t testing.TB, code string) diag.Doc {
	t.Helper()
	for _, rule := range all.Rules() {
		if rule.Code == code {
			return rule.Doc
		}
	}
	t.Fatalf("no rule has the code %s", code)
	return diag.Doc{}
}

// judgedAgain checks that a record which was saved gives the same report, in
// every format.
func judgedAgain(t *testing.T, rec *diag.Record, rep diag.Report) {
	t.Helper()
	var b bytes.Buffer
	if err := rec.Save(&b); err != nil {
		t.Fatal(err)
	}
	saved, err := diag.ReadRecord(&b)
	if err != nil {
		t.Fatal(err)
	}
	again := all.Judge(saved)
	for _, f := range report.Formats() {
		var now, later bytes.Buffer
		if err := errors.Join(f.Write(&now, rep, report.Options{}), f.Write(&later, again, report.Options{})); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(now.String(), later.String()); d != "" {
			t.Errorf("a saved record is judged otherwise in %s (-now +saved):\n%s", f.Name, d)
		}
	}
}

func marshal(t testing.TB, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// snapshot is what lies in folders: the names, with mode, time and content.
func snapshot(t testing.TB, folders []string) map[string]string {
	t.Helper()
	found := map[string]string{}
	visit := func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			found[path] = "folder"
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		found[path] = fmt.Sprintf("%s %s %q", info.Mode(), info.ModTime(), content)
		return err
	}
	for _, dir := range folders {
		if err := filepath.WalkDir(dir, visit); err != nil {
			t.Fatal(err)
		}
	}
	return found
}
