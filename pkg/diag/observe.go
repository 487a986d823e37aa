package diag

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/fixture"
)

// Observer carries out the steps of a run. It is the only stage that touches
// the network and the storage.
type Observer struct {
	// Store is where fixtures go; the observer does not close it.
	Store fixture.Store
	// Companion answers on the backend's port while the run lasts; nil where
	// the user's own backend is asked.
	Companion *Companion
	// Client says how requests are sent.
	Client compare.Options
	// Config is the proxy's configuration as read before the run, nil where none is given.
	Config *Config
	// Concurrency is how many probes are under way at once; 0 means
	// DefaultConcurrency.
	Concurrency int
	// Retries is how often a probe is sent again to which no answer came; the
	// exchange tells how often it was.
	Retries int
	// Mode is the file mode of fixtures; 0 means 0644.
	Mode uint32
	Tool Tool
	// Sandbox is how the record's words differ from what is asked where the stack
	// runs in a sandbox; nil where it does not.
	Sandbox *Sandbox
	// Progress is told what happens, for people; it may be nil. It is called by
	// several goroutines.
	Progress func(string)
}

// DefaultConcurrency is what fits into the accept queue of small application
// servers, which is often 5: a connection that finds it full is retried by the
// system after a second.
const DefaultConcurrency = 5

// cleanupTime is how long the removal of fixtures may take after a run,
// whatever became of the run's own context.
const cleanupTime = 20 * time.Second

// Run observes a stack, step by step, until nothing is left to do or ctx ends.
// All that it put is removed again on every way out. What fails is data in the
// record.
func (o *Observer) Run(ctx context.Context, stack Stack, families []Family) *Record {
	r := newRun(o, stack)
	defer r.finish()
	for {
		step := Next(stack, r.record, families)
		if step.Empty() {
			break
		}
		if ctx.Err() != nil {
			r.record.Interrupted = true
			break
		}
		r.pause(ctx, step.Pause)
		r.put(ctx, step.Put)
		r.probe(ctx, step.Probes)
		r.look(step.Look, step.Users)
		if r.log != nil {
			r.log.more()
		}
	}
	return r.record
}

// run is the state of one run.
type run struct {
	*Observer
	stack  Stack
	record *Record
	id     string
	redact redactor
	client *compare.Client
	asker  *compare.Client // for the backend port
	set    *fixture.Set
	stored map[string]stored // by role
	noted  map[string]bool   // paths that were looked at
	log    *logTail          // nil where no error log is named
}

func newRun(o *Observer, stack Stack) *run {
	var random [40]byte
	rand.Read(random[:]) // never fails, see crypto/rand
	id := hex.EncodeToString(random[:4])
	if o.Sandbox != nil {
		id = o.Sandbox.Run
	}
	r := &run{
		Observer: o, stack: stack, id: id,
		redact: newRedactor(random[8:], stack),
		client: compare.New(o.Client), asker: compare.New(impatient(o.Client)), set: fixture.NewSet(o.Store), stored: map[string]stored{}, noted: map[string]bool{},
	}
	if stack.ErrorLog != "" {
		r.log = tailLog(stack.ErrorLog)
	}
	r.record = &Record{Version: RecordVersion, Tool: o.Tool, Started: time.Now().UTC(), Stack: r.redact.stack(stack), Config: o.Config, StandIns: o.Sandbox != nil}
	return r
}

// handoffSilence is how long the backend port may be silent within the body of
// a handoff. It has none, and some backends declare one all the same; an answer
// without a handoff is asked for again with all the time that is allowed.
const handoffSilence = 300 * time.Millisecond

// impatient is how the backend port is asked first.
func impatient(o compare.Options) compare.Options {
	if o.Timeout == 0 || o.Timeout > handoffSilence {
		o.Idle = handoffSilence
	}
	return o
}

func (r *run) say(text string) {
	if r.Progress != nil {
		r.Progress(text)
	}
}

// look notes files and users of this machine.
func (r *run) look(paths, users []string) {
	for _, path := range paths {
		noted := r.Sandbox.look(path, r.noted)
		r.record.Paths = append(r.record.Paths, noted...)
		if !r.noted[path] { // a link on its way leads elsewhere: it is answered all the same
			r.noted[path] = true
			r.record.Paths = append(r.record.Paths, r.Sandbox.stat(path))
		}
	}
	for _, name := range users {
		r.record.Users = append(r.record.Users, lookupUser(name))
	}
}

// pause waits, for what a server keeps for some time.
func (r *run) pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	r.say("waiting " + d.String())
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// probe sends probes concurrently and appends the exchanges in their planned order.
func (r *run) probe(ctx context.Context, probes []Probe) {
	limit := r.Concurrency
	if limit <= 0 {
		limit = DefaultConcurrency
	}
	slots := make(chan struct{}, limit)
	got := make([]Exchange, len(probes))
	var wg sync.WaitGroup
	for i, p := range probes {
		slots <- struct{}{}
		r.say(p.Method + " " + string(p.Port) + ": " + p.ID)
		wg.Go(func() {
			got[i] = r.send(ctx, p)
			<-slots
		})
	}
	wg.Wait()
	before := make([]int, len(probes)) // requests that the companion saw for earlier answers
	for i, p := range probes {
		for again := 0; again < p.patience() && p.repeatable() && p.strained(&got[i]); again++ {
			earlier := append(got[i].Earlier, got[i].Status)
			if r.Companion != nil {
				before[i] = len(r.Companion.seenBy(r.id, p.ID))
			}
			got[i] = r.send(ctx, p) // with nothing else under way
			got[i].Earlier = earlier
		}
	}
	for i, x := range got {
		if ctx.Err() != nil && x.Failure != nil && x.Failure.Kind == compare.Canceled {
			continue // it says nothing about the stack
		}
		if r.Companion != nil {
			x.Seen = r.Companion.seenBy(r.id, x.Probe.ID)[before[i]:]
		}
		r.Sandbox.exchange(&x)
		r.record.Exchanges = append(r.record.Exchanges, r.redact.exchange(x))
	}
}

// plain says that the probe is the download itself.
func (p Probe) plain() bool { return p.ID == ProxyGet || p.ID == BackendGet }

// patience is how often a probe is sent again where the answer is strained.
func (p Probe) patience() int {
	switch {
	case strings.HasPrefix(p.ID, ProxySteady):
		return 0 // how often it fails is what is asked
	case p.plain():
		return 1 // what fails twice is judged
	}
	return 2
}

// strained says that an answer may have to do with how much was asked at once,
// or with the moment: a limit, a failure. Of the download itself a limit is
// judged, and so is an answer that took the proxy's whole patience.
func (p Probe) strained(x *Exchange) bool {
	if p.plain() {
		return x.Status >= 500 && x.Status != 504
	}
	return x.Status == 429 || x.Status >= 500
}

// sendOnce sends one probe.
func (r *run) sendOnce(ctx context.Context, p Probe) Exchange {
	req := r.request(p)
	x := Exchange{Probe: p}
	hasty := p.Port == Backend && p.repeatable()
	if hasty {
		x.Exchange = r.asker.Capture(ctx, req)
	}
	if !hasty || silent(&x) && len(x.Handoffs()) == 0 {
		x.Exchange = r.client.Capture(ctx, req)
	}
	if p.Parts && req.Expect != nil {
		x.Parts = verifyParts(x.Exchange, req.Expect)
		x.Body.Kept = nil
	}
	return x
}

// silent says that the answer stopped within its body.
func silent(x *Exchange) bool {
	return x.Answered() && x.Failure != nil && x.Failure.Kind == compare.Timeout
}

// request turns a probe into a request.
func (r *run) request(p Probe) compare.Request {
	base := map[Port]URL{Backend: r.stack.Backend, Proxy: r.stack.Proxy, Direct: r.stack.Direct}[p.Port]
	kept := r.stored[p.Role]
	req := compare.Request{Method: p.Method, Host: p.Host, URL: p.URL, Keep: p.Parts}
	switch {
	case p.URL != "":
	case p.Target != "":
		req.URL = base.Origin() + p.Target
	case r.stack.Fixed != "" && p.Port != Direct:
		req.URL = string(base)
	default:
		req.URL = base.For(kept.fixture.Name)
	}
	if p.Role == "" {
		kept = r.stored[RoleMain] // whatever else is asked for: does it give the main fixture away?
	}
	if p.Expect != "" {
		kept = r.stored[p.Expect]
	}
	if kept.content != nil {
		req.Expect = kept.content()
	}
	if p.Patient {
		req.Patient, req.Progress = true, r.meter(p.Method+" "+string(p.Port)+": "+p.ID)
	}
	for _, f := range r.stack.Header {
		left := slices.ContainsFunc(p.Without, func(name string) bool { return strings.EqualFold(name, f.Name) })
		if !left && (p.As == "" || !strings.EqualFold(f.Name, r.user(p.As).Name)) {
			req.Header = append(req.Header, f)
		}
	}
	if p.As != "" {
		req.Header = append(req.Header, r.user(p.As))
	}
	req.Header = append(req.Header, p.Header...)
	req.Header = append(req.Header, compare.Field{Name: probeHeader, Value: r.id + "." + p.ID})
	return req
}

// user is the field by which a further user asks.
func (r *run) user(name string) compare.Field {
	for _, u := range r.stack.As {
		if u.Name == name {
			return u.Field
		}
	}
	return compare.Field{}
}

func (r *run) finish() {
	if r.Companion != nil {
		for _, s := range r.Companion.stray(r.id) {
			r.record.Stray = append(r.record.Stray, r.redact.seen(s))
		}
	}
	if r.log != nil {
		r.record.Log = r.log.end()
		r.record.Log.Lines = r.Sandbox.own(r.record)
		if r.Sandbox != nil {
			r.record.Log.Path = sandboxLog
		}
		for i, line := range r.record.Log.Lines {
			r.record.Log.Lines[i] = r.redact.line(line)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTime)
	defer cancel()
	if err := r.set.Cleanup(ctx); err != nil {
		r.record.Left = append(r.record.Left, err.Error())
	}
	r.record.DurationMS = milliseconds(time.Since(r.record.Started))
}
