// Command benchlarge measures the download of a large file through the real
// nginx: proxydiag's throughput and memory beside curl's, in turns, on the same
// URL. It is run by scripts/bench-large.
//
//	benchlarge -proxydiag BINARY [-size BYTES] [-rounds N]
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/proxydiag/proxydiag/nginx"
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// The least that a run must show.
const (
	mostMemory  = 40 << 20
	leastOfCurl = 0.8
)

// capture is the variable that makes this program download, compare and print
// a sample, in a process of its own; it holds a task.
const capture = "BENCHLARGE_CAPTURE"

// task is one download.
type task struct {
	URL     string
	Fixture fixture.Fixture
}

// sample is what one download showed.
type sample struct {
	seconds float64
	memory  int64 // of the process at most, bytes
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("bench-large: ")
	if text := os.Getenv(capture); text != "" {
		if err := download(text); err != nil {
			log.Fatal(err)
		}
		return
	}
	binary := flag.String("proxydiag", "", "the program to measure")
	size := flag.Int64("size", 4<<30, "of the file, in bytes")
	rounds := flag.Int("rounds", 5, "how often each is measured")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *binary, *size, *rounds); err != nil {
		log.Fatal(err)
	}
}

// run starts a stack and measures.
func run(ctx context.Context, binary string, size int64, rounds int) (err error) {
	dir, err := os.MkdirTemp("", "bench-large-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	media := filepath.Join(dir, "media")
	if err := errors.Join(os.Chmod(dir, 0o755), os.Mkdir(media, 0o755)); err != nil {
		return err
	}
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer port.Close()
	backend := port.Addr().String()
	downloads := nginx.Kind.Samples[0]
	proxy, err := nginx.Launch(ctx, server.LaunchOptions{Site: func(addr string) string {
		return downloads.Render(server.Values{Listen: addr, Backend: backend, Storage: media}).Text
	}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, proxy.Stop()) }()

	spec, err := sendfile.ParseSpec(downloads.Sendfile, "")
	if err != nil {
		return err
	}
	f := fixture.New("bench", ".bin", size)
	set := fixture.NewSet(fixture.OpenDir(media))
	if err := set.Put(ctx, f); err != nil {
		return err
	}
	companion := &sendfile.Handler{Spec: spec, Base: downloads.Path}
	companion.Add(f.Name, sendfile.File{Size: size})
	application := &http.Server{Handler: companion}
	go application.Serve(port) //nolint:errcheck // it always ends with ErrServerClosed
	url := "http://" + proxy.Addr() + downloads.Path + f.Name

	self, err := os.Executable()
	if err != nil {
		return err
	}
	text, err := json.Marshal(task{url, f})
	if err != nil {
		return err
	}
	var curls, ours []sample
	for round := range rounds + 1 { // the first one warms the page cache up
		a, err := measure(exec.CommandContext(ctx, "curl", "-sS", "-f", "-o", "/dev/null", "-w", "%{time_total}", url))
		if err != nil {
			return fmt.Errorf("curl: %w", err)
		}
		cmd := exec.CommandContext(ctx, self)
		cmd.Env = append(os.Environ(), capture+"="+string(text))
		b, err := measure(cmd)
		if err != nil {
			return fmt.Errorf("capture: %w", err)
		}
		if round > 0 {
			curls, ours = append(curls, a), append(ours, b)
		}
	}
	if err := errors.Join(application.Close(), set.Cleanup(ctx)); err != nil {
		return err
	}
	check := exec.CommandContext(ctx, binary, "check", "--storage", media, "--companion", "--sendfile", spec.String(), "--large", strconv.FormatInt(size, 10),
		"--backend", "http://"+backend+downloads.Path, "--proxy", "http://"+proxy.Addr()+downloads.Path, "--format", "json")
	whole, err := measureCheck(check)
	if err != nil {
		return fmt.Errorf("proxydiag check: %w", err)
	}
	return conclude(size, best(curls), best(ours), whole)
}

// download is the task of the child: the same capture as check's.
func download(text string) error {
	var t task
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return err
	}
	x := compare.New(compare.Options{}).Capture(context.Background(), compare.Request{URL: t.URL, Expect: t.Fixture.Content(), Patient: true})
	if x.Failure != nil || x.Body.Match != compare.Equal {
		return fmt.Errorf("%s: match %q, %+v", t.URL, x.Body.Match, x.Failure) //nolint:errorlint // nil is printed, too
	}
	fmt.Print(x.Timing.Total / 1000)
	return nil
}

// measure runs a program that prints how many seconds its download took.
func measure(cmd *exec.Cmd) (sample, error) {
	out, err := cmd.Output()
	if err != nil {
		if e, ok := errors.AsType[*exec.ExitError](err); ok {
			return sample{}, fmt.Errorf("%w: %s", err, e.Stderr)
		}
		return sample{}, err
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	return sample{seconds, memory(cmd)}, err
}

// measureCheck runs a whole check; seconds are those of the run.
func measureCheck(cmd *exec.Cmd) (sample, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return sample{}, fmt.Errorf("%w: %s%s", err, stderr.Bytes(), out)
	}
	var report struct {
		Status     string
		DurationMS float64 `json:"duration_ms"`
		Checks     []struct {
			ID, Status string
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return sample{}, err
	}
	for _, c := range report.Checks {
		if c.ID == "large" && c.Status == "pass" {
			return sample{report.DurationMS / 1000, memory(cmd)}, nil
		}
	}
	return sample{}, fmt.Errorf("the large file did not arrive: %s", out)
}

func memory(cmd *exec.Cmd) int64 {
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss << 10 // Linux counts KiB
	}
	return 0
}

// best is the fastest: what else the machine does only ever adds to a time.
// The memory is the most of all.
func best(list []sample) sample {
	b := list[0]
	for _, s := range list[1:] {
		b.seconds, b.memory = min(b.seconds, s.seconds), max(b.memory, s.memory)
	}
	return b
}

// conclude prints the numbers, and fails where they miss what they must show.
func conclude(size int64, curl, ours, whole sample) error {
	line := func(name string, s sample, rest string) {
		fmt.Printf("%-28s %7.2f s %8.2f GiB/s %6.1f MiB%s\n", name, s.seconds, float64(size)/s.seconds/(1<<30), float64(s.memory)/(1<<20), rest)
	}
	ratio := curl.seconds / ours.seconds
	fmt.Printf("%d bytes through the real server\n%-28s %9s %14s %10s\n", size, "", "time", "rate", "memory")
	line("curl -o /dev/null", curl, "")
	line("proxydiag, the download", ours, fmt.Sprintf("   %.2f of curl", ratio))
	line("proxydiag check, all of it", whole, "   with putting, reading back and all other probes")
	switch most := max(ours.memory, whole.memory); {
	case most > mostMemory:
		return fmt.Errorf("%d MiB of memory, %d are allowed", most>>20, mostMemory>>20)
	case ratio < leastOfCurl:
		return fmt.Errorf("%.2f of curl's throughput, %.2f is the least", ratio, leastOfCurl)
	}
	return nil
}
