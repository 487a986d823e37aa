package gate

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// sandbox is a folder of our own with a server in it, and stand-ins for what is
// around it.
type sandbox struct {
	o      Options
	dir    string
	lock   *os.File
	apps   *apps
	stores map[server.App]*store
	server *server.Sandbox
	// started is closed when server is set.
	started chan struct{}

	cert, key string // "" before they are asked for
}

// open makes an empty sandbox, and removes those that were left by runs that
// were killed.
func open(o Options) (*sandbox, error) {
	sweep()
	dir, lock, err := makeFolder()
	if err != nil {
		return nil, err
	}
	b := &sandbox{o: o, dir: dir, lock: lock, stores: map[server.App]*store{}, started: make(chan struct{})}
	if b.apps, err = newApps(dir, b.certificate); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// root is the folder that mirrors the machine's paths, "" where they are used
// as they are.
func (b *sandbox) root() string {
	if b.o.RealStorage {
		return ""
	}
	return filepath.Join(b.dir, "root")
}

// link makes the symbolic links on the way to the folders that the configuration
// opens, as they are on this machine.
func (b *sandbox) link(offers server.Offers) error {
	folders := slices.Clone(offers.Folders)
	for _, out := range offers.Outs {
		folders = append(folders, out.Storage)
	}
	for _, folder := range folders {
		real, err := filepath.EvalSymlinks(folder)
		if b.root() == "" || folder == "" || err != nil || real == filepath.Clean(folder) {
			continue
		}
		if err := mirror(b.root(), folder); err != nil {
			return err
		}
	}
	return nil
}

// start makes the folders that the pairs' files lie in, and starts the server.
func (b *sandbox) start(ctx context.Context, pairs []Pair) error {
	if root := b.root(); root != "" {
		for _, p := range pairs {
			if p.To.Object == nil {
				if err := mirror(root, p.To.Storage); err != nil {
					return err
				}
			}
		}
	}
	if err := b.openStores(pairs); err != nil {
		return err
	}
	var stated []server.WayIn
	for _, p := range pairs {
		if b.o.Intent.Path != "" {
			stated = append(stated, p.Via)
		}
	}
	box, err := b.o.Kind.Sandbox.Start(ctx, b.o.Config.Source, server.SandboxOptions{
		Dir: b.dir, Root: b.root(), StandIn: b.standIn, Certificate: b.certificate,
		Stated: stated, AllowMissing: b.o.AllowMissing, Binary: b.o.Binary,
		MadeUp: !slices.ContainsFunc(pairs, func(p Pair) bool { return !p.MadeUp }),
	})
	if err != nil {
		return err
	}
	b.server = box
	close(b.started)
	return nil
}

// standIn is the address of what stands in for an application or a store.
func (b *sandbox) standIn(app server.App) (string, error) {
	if s := b.stores[app]; s != nil {
		return b.apps.standIn(app, s.handler(b.original))
	}
	return b.apps.standIn(app, nil)
}

// original puts a text into the words of the configuration. Requests come from
// the server only once it runs.
func (b *sandbox) original(text string) string {
	<-b.started
	return b.server.Original(text)
}

// certificate is the sandbox's one certificate, made when it is first asked for.
func (b *sandbox) certificate() (cert, key string, err error) {
	if b.cert == "" {
		b.cert, b.key, err = certificate(b.dir)
	}
	return b.cert, b.key, err
}

// observe tries one pair.
func (b *sandbox) observe(ctx context.Context, o Options, p Pair) *diag.Record {
	var random [4]byte
	rand.Read(random[:]) // never fails, see crypto/rand
	run := hex.EncodeToString(random[:])
	stack := b.stack(p)
	spec, _ := sendfile.ParseSpec(stack.Sendfile, "") // read before
	if p.To.Header != "" {
		spec.Dialect.Header = p.To.Header
	}
	if spec.Dialect.Form != sendfile.URI {
		spec.Prefix = b.root() + spec.Prefix // a path on this machine
	}
	folder := b.root() + stack.Storage
	companion := diag.NewCompanion(stack.Backend, spec)
	if o := p.To.Object; o != nil {
		folder, companion.Handler.Query = b.stores[o.App].folder, b.stores[o.App].query(o)
	}
	observer := diag.Observer{
		Store: fixture.OpenDir(folder), Companion: companion,
		Client: b.client(p, stack), Config: o.Config, Tool: o.Tool, Progress: o.Progress,
		Sandbox: &diag.Sandbox{Run: run, Root: b.root(), Original: b.server.Original},
	}
	b.apps.join(run, observer.Companion)
	defer b.apps.leave(run)
	return observer.Run(ctx, stack, all.Families())
}

// backendHost is the host by which the companion is asked without the server.
// It resolves nowhere but here.
const backendHost = "application.invalid"

// stack is a pair as a stack, in the words of the configuration.
func (b *sandbox) stack(p Pair) diag.Stack {
	path := p.Via.Path
	if path == "" {
		path = strings.TrimPrefix(string(p.Via.URL), p.Via.Origin)
	}
	host := backendHost
	if _, _, err := net.SplitHostPort(p.Via.App.Address); err == nil && !strings.HasPrefix(p.Via.App.Address, "unix:") {
		host = p.Via.App.Address
	}
	if "http://"+host == p.Via.Origin {
		host = backendHost
	}
	storage := p.To.Storage
	if p.To.Object != nil {
		storage = b.stores[p.To.Object.App].folder
	}
	return diag.Stack{
		Name: p.String(), Storage: storage, Backend: diag.URL("http://" + host + path), Proxy: p.Via.URL,
		Sendfile: p.To.Sendfile, Companion: true, Config: b.o.Config.Source.Roots[0],
		ErrorLog: b.server.ErrorLog(), Profile: b.o.Profile,
	}
}

// client sends what is for the server and for the companion to the sandbox.
func (b *sandbox) client(p Pair, stack diag.Stack) compare.Options {
	o := b.o.Client
	o.Insecure = true // the sandbox's own certificate
	o.Resolve = map[string]string{
		address(stack.Backend): b.apps.backend.Addr().String(),
		address(stack.Proxy):   b.server.Listens[p.Via.Listen],
	}
	return o
}

// address is host:port of a URL.
func address(u diag.URL) string {
	parsed, err := url.Parse(u.Origin())
	if err != nil {
		return ""
	}
	port := parsed.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[parsed.Scheme]
	}
	return strings.ToLower(net.JoinHostPort(parsed.Hostname(), port))
}

// close ends the server and the stand-ins and removes the folder.
func (b *sandbox) close() error {
	var errs []error
	if b.server != nil {
		errs = append(errs, b.server.Stop())
	}
	if b.apps != nil {
		b.apps.close()
	}
	errs = append(errs, removeFolder(b.dir, b.lock))
	return errors.Join(errs...)
}
