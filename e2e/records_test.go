package e2e

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/report"
	"github.com/proxydiag/proxydiag/pkg/server"
)

var update = flag.Bool("update", os.Getenv("UPDATE_GOLDEN") != "", "write records, expected reports and the matrix anew, from the real servers")

// records holds one run of each healthy server and of each fault, as
// KIND/healthy-SAMPLE and KIND/CODE.
const records = "testdata/records"

// inFull are the records whose whole report is kept beside them.
func inFull() []string {
	return []string{
		"nginx/healthy-downloads.conf", "apache/healthy-downloads.conf", "nginx/handoff-not-found", "apache/handoff-ignored",
		"nginx/backend-name-unencoded", "nginx/proxy-ranges-broken", "nginx/storage-unreachable",
	}
}

// rowsOf are the stacks with a kind of server, beside its samples.
func rowsOf(k server.Kind) []row {
	switch k.Name {
	case "nginx":
		return nginxRows()
	case "apache":
		return apacheRows()
	}
	return nil
}

// recordedRows are the stacks whose records are kept: the samples of every kind, and
// the first stack that shows a fault.
func recordedRows() map[string]row {
	rows := map[string]row{}
	for _, k := range all.Kinds() {
		for _, s := range k.Samples {
			rows[k.Name+"/healthy-"+s.Name] = row{kind: &k, sample: s.Name}
		}
		for _, r := range rowsOf(k) {
			name := k.Name + "/" + r.code
			if _, ok := rows[name]; r.code != "" && !ok {
				r.kind = &k
				rows[name] = r
			}
		}
	}
	return rows
}

// TestObserveRecords writes the records, with -update, before TestRecords reads
// them.
func TestObserveRecords(t *testing.T) {
	if !*update {
		t.Skip("only with -update")
	}
	rows := recordedRows()
	for _, name := range recordedNames(t) {
		if _, ok := rows[name]; !ok {
			if err := os.Remove(filepath.Join(records, name+".json.gz")); err != nil {
				t.Error(err)
			}
		}
	}
	for name, r := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := own
			if slices.Contains(r.modes(), companion) {
				m = companion
			}
			_, rec := r.observe(t, m)
			r.assert(t, m, all.Judge(rec))
			same := steady(t, rec)
			if diff := cmp.Diff(verdict(all.Judge(rec)), verdict(all.Judge(same))); diff != "" {
				t.Errorf("the record is judged otherwise without what differs from run to run (-run +record):\n%s", diff)
			}
			if !t.Failed() {
				save(t, filepath.Join(records, name+".json.gz"), same)
			}
		})
	}
}

// save writes a record, packed, with nothing in it but its content.
func save(t *testing.T, file string, rec *diag.Record) {
	t.Helper()
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(rec.Save(z), z.Close(), os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, packed.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// TestRecords judges the records again: it needs no server. verdicts.txt says
// what comes of each.
func TestRecords(t *testing.T) {
	names := recordedNames(t)
	if want := slices.Sorted(maps.Keys(recordedRows())); !*update {
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("records (-to be there +there), go test ./e2e -update writes them:\n%s", diff)
		}
	}
	var verdicts strings.Builder
	for _, name := range names {
		rep := all.Judge(load(t, name))
		fmt.Fprintf(&verdicts, "%s\n%s\n", name, verdict(rep))
		_, code, _ := strings.Cut(name, "/")
		expect(t, name, code, rep)
		for _, f := range report.Formats() {
			var b bytes.Buffer
			if err := f.Write(&b, rep, report.Options{}); err != nil || b.Len() == 0 {
				t.Errorf("%s as %s: %d bytes, %v", name, f.Name, b.Len(), err)
			}
		}
		if slices.Contains(inFull(), name) {
			golden(t, filepath.Join(records, name+".report.json"), marshal(t, rep)+"\n")
		}
	}
	golden(t, filepath.Join(records, "verdicts.txt"), verdicts.String())
}

// expect says what the name of a record promises.
func expect(t *testing.T, name, code string, rep diag.Report) {
	t.Helper()
	status, culprit := diag.Healthy, diag.PartNone
	if !strings.HasPrefix(code, "healthy-") {
		if len(rep.Findings) == 0 || rep.Findings[0].Code != code {
			t.Errorf("%s: the first finding is another one: %s", name, verdict(rep))
		}
		if doc := documentation(t, code); doc.Severity.AtLeast(diag.Warning) {
			status, culprit = diag.Misconfigured, doc.Part
		}
	}
	if rep.Status != status || rep.Culprit != culprit {
		t.Errorf("%s: %s, %s; want %s, %s", name, rep.Status, rep.Culprit, status, culprit)
	}
}

// verdict is a report in a few lines.
func verdict(rep diag.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %s, culprit: %s\n", rep.Status, rep.Culprit)
	for _, f := range rep.Findings {
		fmt.Fprintf(&b, "  %s %s", f.Severity, f.Code)
		for _, c := range f.Consequences {
			fmt.Fprintf(&b, " > %s", c.Code)
		}
		b.WriteByte('\n')
	}
	for _, c := range rep.Checks {
		if c.Status != diag.Pass {
			fmt.Fprintf(&b, "    %s %s\n", c.Status, c.ID)
		}
	}
	return b.String()
}

// recordedNames are the names of the records that are there.
func recordedNames(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir(records, func(file string, _ fs.DirEntry, err error) error {
		if name, ok := strings.CutSuffix(file, ".json.gz"); ok {
			names = append(names, filepath.ToSlash(strings.TrimPrefix(name, records+string(filepath.Separator))))
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

func load(t testing.TB, name string) *diag.Record {
	t.Helper()
	f, err := os.Open(filepath.Join(records, name+".json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := diag.ReadRecord(z)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return rec
}

// golden compares a text with a file, or writes it with -update.
func golden(t *testing.T, file, text string) {
	t.Helper()
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s is stale, go test ./e2e -update writes it anew (-there +now):\n%s", file, diff)
	}
}
