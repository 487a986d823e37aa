// Command health is an example of an application that uses proxydiag's
// packages: it hands its downloads off to the proxy in front of it, watches
// what it depends on, and answers probes beside its own pages. The companion
// hands off the fixtures that a check puts, so that a proxydiag elsewhere can
// check the whole way without a login.
//
//	go run ./examples/health -storage /srv/media -handoff KIND:/protected/
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/health"
	"github.com/proxydiag/proxydiag/pkg/health/checks"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8000", "HOST:PORT to answer on")
	storage := flag.String("storage", "", "the folder that holds the files")
	handoff := flag.String("handoff", "", "KIND:PREFIX, what the folder is called in the handoff")
	partner := flag.String("partner", "", "a URL that the application depends on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *listen, *storage, *handoff, *partner); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, listen, storage, handoff, partner string) error {
	spec, err := sendfile.ParseSpec(handoff, "")
	if err != nil {
		return err
	}
	registry := &health.Registry{Interval: 10 * time.Second}
	if err := register(registry, storage, partner); err != nil {
		return err
	}
	mux := http.NewServeMux()
	// Downloads: any handler that serves files, turned into one that hands off.
	downloads := sendfile.Middleware{Dialect: spec.Dialect, Folders: map[string]string{storage: spec.Prefix}}
	files := http.FileServer(http.Dir(storage))
	mux.Handle("/files/", http.StripPrefix("/files/", downloads.Wrap(files)))
	// The companion: fixtures only.
	mux.Handle("/probe/", companion(storage, spec))
	// Health: JSON, HTML, text, at /health/healthz, /health/readyz, /health/status.
	mux.Handle("/health/", http.StripPrefix("/health", &health.Handler{Registry: registry, Title: "example"}))

	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	slog.Info("listening", "address", l.Addr().String())
	watched := make(chan struct{})
	go func() { defer close(watched); registry.Run(ctx) }()
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = srv.Shutdown(context.Background()) })
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-watched
	return nil
}

// register says what is watched.
func register(registry *health.Registry, storage, partner string) error {
	store := fixture.OpenDir(storage)
	err := registry.Add(health.Check{Name: "media", Kind: "storage", Critical: true, Func: func(ctx context.Context) error {
		return tryStore(ctx, store)
	}})
	if err != nil || partner == "" {
		return err
	}
	site := &checks.HTTP{URL: partner, Warn: time.Second}
	if err := site.Validate(); err != nil {
		return err
	}
	return registry.Add(health.Check{Name: "partner", Kind: "http", Observe: site.Check})
}

// tryStore puts a fixture and removes it.
func tryStore(ctx context.Context, store fixture.Store) error {
	set := fixture.NewSet(store)
	err := set.Put(ctx, fixture.New("main", ".bin", 1000))
	return errors.Join(err, set.Cleanup(context.WithoutCancel(ctx)))
}

// companion hands off fixtures that lie in the storage, and nothing else.
func companion(storage string, spec sendfile.Spec) http.Handler {
	store := fixture.OpenDir(storage)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := &sendfile.Handler{Spec: spec, Base: "/probe/"}
		if name, ok := h.Name(r); ok && fixture.IsOurs(name) {
			if info, err := store.Stat(r.Context(), name); err == nil {
				h.Add(name, sendfile.File{Size: info.Size, ModTime: info.ModTime})
			}
		}
		h.ServeHTTP(w, r)
	})
}
