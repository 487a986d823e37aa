package hostile_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// TestMain looks for goroutines that are left. The reference proxy tells the
// log of every backend that breaks off.
func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	goleak.VerifyTestMain(m)
}

// brief is the time that one exchange may take.
const brief = 500 * time.Millisecond

// patient is the time where nothing has to run out: an exchange ends by itself,
// however busy the machine is.
const patient = 30 * time.Second

// setup is a stack of which one part is hostile; the rest is healthy.
type setup struct {
	backend string // address of a hostile backend; "": the companion's handler
	proxy   string // address of a hostile proxy; "": the reference proxy
	scheme  string // of the hostile part's URL; "": http
	client  compare.Options
	// companion says that the backend is known to be our own.
	companion bool
	// front stands in front of the reference proxy, app of the application.
	front, app func(http.Handler) http.Handler
	// change is the last word on the stack.
	change func(*diag.Stack)
	large  int64
	// progress is the observer's.
	progress func(string)
	// store stands in front of the storage.
	store func(fixture.Store) fixture.Store
}

// observe runs the whole diagnosis and ends all that it started.
func (s setup) observe(ctx context.Context, t *testing.T) *diag.Record {
	t.Helper()
	spec := sendfile.Spec{Dialect: sendfile.Dialects()[0], Prefix: "/protected/"}
	stack := diag.Stack{Storage: t.TempDir(), Sendfile: spec.String(), Companion: s.companion, Large: s.large}
	if s.client.Timeout == 0 {
		s.client.Timeout = brief
	}
	observer := diag.Observer{Store: fixture.OpenDir(stack.Storage), Client: s.client, Progress: s.progress}
	if s.store != nil {
		observer.Store = s.store(observer.Store)
	}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	application := "http://" + l.Addr().String()
	stack.Backend = diag.URL(application + "/dl/")
	companion := diag.NewCompanion(stack.Backend, spec)
	companion.Serve(l, s.app)
	defer func() { _ = companion.Close() }()
	observer.Companion = companion
	if !s.companion {
		// The same application, and nobody tells what it saw.
		observer.Companion = nil
		files := &all{companion: companion}
		observer.Store = files.store(observer.Store)
	}
	if s.backend != "" {
		application = "http://" + s.backend
		stack.Backend = diag.URL(scheme(s.scheme) + "://" + s.backend + "/dl/")
		observer.Companion, stack.Companion = nil, false
	}
	upstream, err := url.Parse(application)
	if err != nil {
		t.Fatal(err)
	}
	var handler http.Handler = &sendfile.Proxy{Backend: upstream, Dialect: spec.Dialect, Prefix: spec.Prefix, Root: stack.Storage}
	if s.front != nil {
		handler = s.front(handler)
	}
	proxy := httptest.NewServer(handler)
	defer proxy.Close()
	stack.Proxy = diag.URL(proxy.URL + "/dl/")
	if s.proxy != "" {
		stack.Proxy = diag.URL(scheme(s.scheme) + "://" + s.proxy + "/dl/")
	}
	if s.change != nil {
		s.change(&stack)
	}
	return observer.Run(ctx, stack, check.Families())
}

func scheme(s string) string {
	if s == "" {
		return "http"
	}
	return s
}

// all makes an application of the companion's handler: it hands off every file
// that is put into the storage.
type all struct{ companion *diag.Companion }

func (a *all) store(s fixture.Store) fixture.Store { return telling{s, a} }

type telling struct {
	fixture.Store
	all *all
}

func (s telling) Put(ctx context.Context, f fixture.Fixture) error {
	s.all.companion.Handler.Add(f.Name, sendfile.File{Size: f.Size})
	return s.Store.Put(ctx, f)
}

// judge is the verdict on a record.
func judge(rec *diag.Record) diag.Report { return diag.Judge(rec, check.Rules(), check.Checks()) }

// exchange is what a probe got.
func exchange(rec *diag.Record, id string) *diag.Exchange {
	return diag.NewView(rec.Stack, rec).Exchange(id)
}
