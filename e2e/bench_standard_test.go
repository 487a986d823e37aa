package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/nginx"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// BenchmarkStandard is the standard profile on a healthy nginx, as a user runs
// it, beside one curl process for each of its requests, to the same URLs with
// the same fields, in turns. scripts/bench-standard prints it.
func BenchmarkStandard(b *testing.B) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		b.Skip(err)
	}
	binary, l := build(b), listen(b)
	st := start(b, nginx.Kind, sample(b, nginx.Kind, "downloads.conf"), l.Addr().String(), storage(b), nil)
	spec, err := sendfile.ParseSpec(st.Sample.Sendfile, "")
	if err != nil {
		b.Fatal(err)
	}
	serve(b, l, &application{Storage: st.Sample.Storage, Base: st.Sample.Path, Spec: spec})
	args := []string{"check", "--storage", st.Sample.Storage, "--sendfile", st.Sample.Sendfile, "--profile", string(diag.Standard),
		"--backend", st.backendURL(st.Sample.Path), "--proxy", st.proxyURL(st.Sample.Path)}
	requests := curls(b, recorded(b, binary, args), st.Sample.Storage)

	var ours, theirs time.Duration
	var memory int64
	for b.Loop() {
		begin := time.Now()
		cmd := exec.Command(binary, args...)
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		ours += time.Since(begin)
		memory = max(memory, peak(cmd))

		begin = time.Now()
		for _, r := range requests {
			if err := exec.Command(curl, r...).Run(); err != nil {
				b.Fatalf("curl %q: %v", r, err)
			}
		}
		theirs += time.Since(begin)
	}
	b.ReportMetric(float64(ours.Microseconds())/1000/float64(b.N), "proxydiag-ms")
	b.ReportMetric(float64(theirs.Microseconds())/1000/float64(b.N), "curl-ms")
	b.ReportMetric(float64(len(requests)), "requests")
	b.ReportMetric(float64(memory)/(1<<20), "peak-MiB")
}

// recorded is the record of one run.
func recorded(t testing.TB, binary string, args []string) *diag.Record {
	t.Helper()
	file := filepath.Join(t.TempDir(), "record.json")
	if out, err := exec.Command(binary, append(args, "--record", file)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rec, err := diag.ReadRecord(f)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// curls puts files like those of a run into its storage again, and returns the
// arguments by which curl sends the run's requests.
func curls(t testing.TB, rec *diag.Record, storage string) (requests [][]string) {
	t.Helper()
	for _, f := range rec.Fixtures {
		if f.Absent || f.Denied {
			continue
		}
		file := filepath.Join(storage, filepath.FromSlash(f.Name))
		folder(t, filepath.Dir(file))
		write(t, file, "")
		if err := os.Truncate(file, f.Size); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range rec.Exchanges {
		args := []string{"--silent", "--output", os.DevNull, "--globoff", "--path-as-is"}
		if x.Request.Method == "HEAD" {
			args = append(args, "--head")
		}
		if x.Probe.Host != "" {
			args = append(args, "--header", "Host: "+x.Probe.Host)
		}
		for _, f := range x.Probe.Header {
			args = append(args, "--header", f.Name+": "+f.Value)
		}
		requests = append(requests, append(args, x.Request.URL))
	}
	return requests
}

// peak is the most memory that a process used, in bytes, or what this one had
// used when it started it, where that is more: Linux counts so.
func peak(cmd *exec.Cmd) int64 {
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss << 10 // in KiB
	}
	return 0
}
