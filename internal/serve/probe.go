package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/singleflight"

	"github.com/proxydiag/proxydiag/internal/project"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/health"
	"github.com/proxydiag/proxydiag/pkg/health/checks"
)

// mostProbes is how many probes of targets run at once; others wait.
const mostProbes = 16

// probes runs what /probe asks for.
type probes struct {
	s       *server
	flights singleflight.Group
	slots   chan struct{}
}

// probed is the outcome of a probe.
type probed struct {
	state   health.State
	message string
	took    time.Duration
	record  *diag.Record // nil for what is no stack
	report  diag.Report
}

// ServeHTTP implements [http.Handler]: /probe?stack=NAME checks a stack of the
// file, unless it was just checked, and /probe?target=…&module=NAME a target.
// The answer has status 200 whatever the outcome: probe_success tells it.
func (p *probes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	ctx, cancel := scrapeContext(r)
	defer cancel()
	var out probed
	var problem string
	switch stack, target, module := query.Get("stack"), query.Get("target"), query.Get("module"); {
	case stack != "" && target == "" && module == "":
		out, problem = p.stack(ctx, stack)
	case stack == "" && target != "" && module != "":
		out, problem = p.target(ctx, target, module)
	default:
		problem = "ask for /probe?stack=NAME or /probe?target=HOST:PORT&module=NAME"
	}
	if problem != "" {
		http.Error(w, problem, http.StatusBadRequest)
		return
	}
	promhttp.HandlerFor(out.metrics(), promhttp.HandlerOpts{}).ServeHTTP(w, r)
}

// ahead is how much earlier than Prometheus gives up the answer is sent.
const ahead = 500 * time.Millisecond

// scrapeContext ends when Prometheus would not wait for the answer any longer.
func scrapeContext(r *http.Request) (context.Context, context.CancelFunc) {
	limit := time.Minute
	if s, err := strconv.ParseFloat(r.Header.Get("X-Prometheus-Scrape-Timeout-Seconds"), 64); err == nil && s > 0 && s < 60 {
		limit = time.Duration(s * float64(time.Second))
		limit = max(limit-ahead, limit/2)
	}
	return context.WithTimeout(r.Context(), limit)
}

func (p *probes) stack(ctx context.Context, name string) (out probed, problem string) {
	if _, ok := p.result(name); !ok {
		return out, "there is no such stack"
	}
	if err := p.s.registry.Fresh(ctx, name); err != nil {
		return probed{state: health.Down, message: "it was not checked in time"}, ""
	}
	res, _ := p.result(name)
	out = probed{state: res.State, message: res.Message, took: res.Duration}
	out.report, _ = p.s.reports.get(name)
	return out, ""
}

func (p *probes) result(name string) (health.Result, bool) {
	for _, r := range p.s.registry.Results() {
		if r.Name == name && r.Kind == kindStack {
			return r, true
		}
	}
	return health.Result{}, false
}

// targetForm is what a target may look like: a host, an address, with a port or
// without. What could mean more in a URL is not in it.
var targetForm = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?$`)

func (p *probes) target(ctx context.Context, target, name string) (out probed, problem string) {
	var module *ModuleConfig
	for i := range p.s.Config.Modules {
		if p.s.Config.Modules[i].Name == name {
			module = &p.s.Config.Modules[i]
		}
	}
	switch {
	case module == nil:
		return out, "there is no such module"
	case !targetForm.MatchString(target):
		return out, "the target is no HOST or HOST:PORT"
	case !module.admits(target):
		return out, "the module does not take this target"
	}
	done := p.flights.DoChan(name+"\x00"+target, func() (any, error) { return p.run(*module, target), nil })
	select {
	case got := <-done:
		return got.Val.(probed), ""
	case <-ctx.Done():
		return probed{state: health.Down, message: "it was not checked in time"}, ""
	}
}

// run checks a target once. It outlives the request that asked first: others
// may wait for it.
func (p *probes) run(m ModuleConfig, target string) probed {
	ctx, cancel := context.WithTimeout(p.s.base, cmp.Or(m.Timeout, 30*time.Second))
	defer cancel()
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return probed{state: health.Down, message: "there is too much to do"}
	}
	p.s.probing.Add(1)
	defer p.s.probing.Done()
	start := time.Now()
	out := probed{state: health.Up}
	err := p.check(ctx, m, target, &out)
	out.took = time.Since(start)
	if err != nil {
		out.state, out.message = health.Down, p.s.Redact.Redact(err.Error())
		if w, ok := errors.AsType[*health.Warning](err); ok {
			out.state, out.message = health.Degraded, p.s.Redact.Redact(w.Error())
		}
		p.s.Log.Info("probe", "module", m.Name, "target", target, "state", string(out.state), "message", out.message)
	}
	return out
}

func (p *probes) check(ctx context.Context, m ModuleConfig, target string, out *probed) error {
	if m.IsStack {
		st, err := p.s.bind(m, target)
		if err != nil {
			return err
		}
		p.sweep(st)
		rec, rep, err := st.Run(ctx)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		out.record, out.report = rec, rep
		_, err = verdict(rep, cmp.Or(m.FailOn.Severity, diag.Error))
		return err
	}
	node := m.Check.Replace(targetPlace, target).Apart()
	c := readCheck(m.Name, node)
	if err := node.Err(); err != nil {
		return errors.New("the settings do not fit this target")
	}
	if storage, ok := c.Check.(*checks.Storage); ok {
		storage.Left, storage.Sweeps = p.s.Config.Sweep, &p.s.swept
	}
	_, err := c.Check.Check(ctx)
	return err
}

// sweep removes what killed runs have left in a stack's storage, if it is time:
// beside the probe, which does not wait for it.
func (p *probes) sweep(st Stack) {
	age := cmp.Or(p.s.Config.Sweep, defaultSweep)
	if st.Sweep != nil && p.s.swept.Due(st.storage(), age, time.Now()) {
		p.s.probing.Go(func() { p.s.sweep(p.s.base, st, age) })
	}
}

// bind makes a stack of a module and a target.
func (s *server) bind(m ModuleConfig, target string) (Stack, error) {
	host := target
	if h, _, err := net.SplitHostPort(target); err == nil {
		host = h
	}
	node := m.Stack.Replace(targetPlace, target).Apart()
	settings := append([]project.Setting{}, s.Defaults...)
	settings = append(settings, node.Settings()...)
	if err := node.Err(); err != nil {
		return Stack{}, fmt.Errorf("the settings of the module do not fit %s", strings.Trim(host, "[]"))
	}
	return s.Bind(m.Name, settings)
}

// metrics are what is told of a probe.
func (p probed) metrics() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
		reg.MustRegister(g)
		return g
	}
	gauge("probe_success", "Whether it is up or degraded: 1 or 0.").WithLabelValues().Set(truth(p.state.OK()))
	gauge("probe_duration_seconds", "How long the probe took.").WithLabelValues().Set(p.took.Seconds())
	state := gauge("proxydiag_probe_state", "The state: 1 for the one that it has.", "state")
	for _, s := range states {
		state.WithLabelValues(string(s)).Set(truth(s == p.state))
	}
	if p.report.Version != 0 {
		finding := gauge("proxydiag_probe_finding", "A finding: 1.", "code", "severity", "culprit")
		for _, f := range counted(p.report) {
			finding.WithLabelValues(f.Code, string(f.Severity), string(f.Culprit)).Set(1)
		}
		leg := gauge("proxydiag_probe_check_status", "The outcome of each check of the stack: 1 for the one that it has.", "check", "status")
		for _, c := range p.report.Checks {
			leg.WithLabelValues(c.ID, string(c.Status)).Set(1)
		}
	}
	if p.record != nil {
		took := gauge("proxydiag_probe_leg_duration_seconds", "How long each leg took, by phase of the request.", "leg", "phase")
		for leg, phases := range timesOf(p.record) {
			for phase, d := range phases {
				took.WithLabelValues(leg, phase).Set(d.Seconds())
			}
		}
	}
	return reg
}
