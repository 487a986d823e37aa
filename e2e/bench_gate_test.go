package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/nginx"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/gate"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// timed measures how long the server takes to start.
type timed struct {
	server.Sandboxer
	start time.Duration
}

func (s *timed) Start(ctx context.Context, source conf.Source, o server.SandboxOptions) (*server.Sandbox, error) {
	begin := time.Now()
	defer func() { s.start += time.Since(begin) }()
	return s.Sandboxer.Start(ctx, source, o)
}

// twentyPairs is a configuration with five ways in and four ways out.
func twentyPairs() string {
	var b strings.Builder
	b.WriteString("server {\n    listen 80;\n    server_name files.example.com;\n    location / { proxy_pass http://127.0.0.1:8000; }\n")
	for i, name := range []string{"documents", "invoices", "media", "exports"} {
		fmt.Fprintf(&b, "    location /%s/ { proxy_pass http://127.0.0.1:%d; }\n", name, 8001+i)
		fmt.Fprintf(&b, "    location /internal/%s/ { internal; alias /srv/%s/; }\n", name, name)
	}
	b.WriteString("}\n")
	return b.String()
}

// BenchmarkGate is gate with the standard profile on a configuration with twenty
// pairs: all of it, as a function and as a command, and the start of the server.
func BenchmarkGate(b *testing.B) {
	kind := nginx.Kind
	need.Server(b, kind.Program)
	binary, file := build(b), filepath.Join(b.TempDir(), "site.conf")
	write(b, file, twentyPairs())
	source, err := kind.Load(file, nil)
	if err != nil {
		b.Fatal(err)
	}
	box := &timed{Sandboxer: kind.Sandbox}
	kind.Sandbox = box
	var whole, command time.Duration
	for b.Loop() {
		begin := time.Now()
		rep, err := gate.Run(b.Context(), gate.Options{Kind: kind, Config: &diag.Config{Kind: kind.Name, Source: source}})
		if err != nil || rep.Status != diag.Healthy || len(rep.Pairs) != 20 {
			b.Fatalf("%v, %s, %d pairs", err, rep.Status, len(rep.Pairs))
		}
		whole += time.Since(begin)

		begin = time.Now()
		if out, err := exec.Command(binary, "gate", file).CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		command += time.Since(begin)
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / float64(b.N) }
	b.ReportMetric(ms(whole), "run-ms")
	b.ReportMetric(ms(box.start), "start-ms")
	b.ReportMetric(ms(command), "command-ms")
}
