package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/internal/demo"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/report"
)

// TestJudgeAsOfTheRun records the demo with each of its faults and judges the
// records: in every format the report is that of the run.
func TestJudgeAsOfTheRun(t *testing.T) {
	t.Parallel()
	faults := append(demo.Faults(), demo.Fault{})
	for _, fault := range faults {
		t.Run("break="+fault.Code, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			record, reported := filepath.Join(dir, "record"), filepath.Join(dir, "report")
			var ran, judged terminal
			args := []string{"demo", "--record", record, "-o", reported, "--break", fault.Code}
			if fault.Code == "" {
				args = args[:5]
			}
			want := ran.run(t.Context(), args...)
			if got := judged.run(t.Context(), "judge", record, "-o", reported+"2"); got != want {
				t.Errorf("status %d, the run's was %d: %s", got, want, &judged.err)
			}
			if d := cmp.Diff(read(t, reported), read(t, reported+"2")); d != "" {
				t.Errorf("report (-run +judged):\n%s", d)
			}
		})
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestJudgeOldRecord holds that what version 1 wrote is judged as it was. The
// record is never written anew: a later version reads it, or fails here.
func TestJudgeOldRecord(t *testing.T) {
	t.Parallel()
	var c terminal
	if status := c.run(t.Context(), "judge", filepath.Join("testdata", "records", "v1.json"), "--format", "json"); status != exitFound {
		t.Fatalf("status %d: %s", status, &c.err)
	}
	type finding struct {
		Code, Symptom string
		Location      diag.Location
	}
	var got struct {
		Status   diag.Verdict
		Culprit  diag.Part
		Findings []finding
	}
	if err := json.Unmarshal(c.out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := finding{"nginx-root-for-alias", "handoff-not-found",
		diag.Location{File: "/srv/example/nginx.conf", Line: 17, Column: 13, Text: "root /srv/example/media;"}}
	if got.Status != diag.Misconfigured || got.Culprit != diag.PartHandoff || len(got.Findings) == 0 || got.Findings[0] != want {
		t.Errorf("%+v", got)
	}
}

// FuzzJudge reads any text as a record and judges it: it is refused in a
// sentence, or gives the same report whenever it is saved and read again.
func FuzzJudge(f *testing.F) {
	old, err := os.ReadFile(filepath.Join("testdata", "records", "v1.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(old)
	f.Add([]byte(`{"version": 1, "exchanges": []}`))
	f.Add([]byte(`{"version": 1, "exchanges": [{"probe": {"id": "proxy-get"}, "status": 200, "body": {"length": -1}}], "fixtures": [{"role": "main", "size": -1}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		rec, err := diag.ReadRecord(bytes.NewReader(text))
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without a word")
			}
			return
		}
		var saved bytes.Buffer
		if err := rec.Save(&saved); err != nil {
			t.Fatal(err)
		}
		again, err := diag.ReadRecord(&saved)
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range report.Formats() {
			if d := cmp.Diff(written(t, format, rec), written(t, format, again)); d != "" {
				t.Errorf("%s (-first +again):\n%s", format.Name, d)
			}
		}
	})
}

func written(t *testing.T, format report.Format, rec *diag.Record) string {
	t.Helper()
	var b bytes.Buffer
	if err := format.Write(&b, all.Judge(rec), report.Options{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
