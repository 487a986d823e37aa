package serve

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/health"
)

// legs measures how long the legs of downloads take.
type legs struct{ phases *prometheus.HistogramVec }

func newLegs() *legs {
	return &legs{prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "proxydiag_leg_duration_seconds", Help: "How long each leg of a stack takes, by phase of the request.",
		Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 11),
	}, []string{"stack", "leg", "phase"})}
}

// legProbes are the probes that are the legs.
var legProbes = map[string]string{diag.BackendGet: "backend", diag.DirectGet: "direct", diag.ProxyGet: "end-to-end"}

// observe takes the times out of a record.
func (l *legs) observe(stack string, rec *diag.Record) {
	for leg, phases := range timesOf(rec) {
		for phase, took := range phases {
			l.phases.WithLabelValues(stack, leg, phase).Observe(took.Seconds())
		}
	}
}

// timesOf are the times of the legs by phase. A phase that did not happen, or
// of which nothing is known since the request failed, is not there.
func timesOf(rec *diag.Record) map[string]map[string]time.Duration {
	times := map[string]map[string]time.Duration{}
	add := func(leg, phase string, ms float64) {
		if ms <= 0 {
			return
		}
		if times[leg] == nil {
			times[leg] = map[string]time.Duration{}
		}
		times[leg][phase] = time.Duration(ms * float64(time.Millisecond))
	}
	for _, f := range rec.Fixtures {
		if f.Role == diag.RoleMain && f.OK() {
			add("storage", "total", f.DurationMS)
		}
	}
	for _, x := range rec.Exchanges {
		leg, ok := legProbes[x.Probe.ID]
		if !ok || x.Failure != nil {
			continue
		}
		t := x.Timing
		add(leg, "dns", t.DNS)
		add(leg, "connect", t.Connect)
		add(leg, "tls", t.TLS)
		add(leg, "first_byte", t.FirstByte)
		add(leg, "body", t.Total-t.DNS-t.Connect-t.TLS-t.FirstByte)
		add(leg, "total", t.Total)
	}
	return times
}

// The metrics that are read off the last results.
var (
	labels       = []string{"check", "kind"}
	upDesc       = prometheus.NewDesc("proxydiag_up", "Whether nothing is down: 1 or 0.", nil, nil)
	stateDesc    = prometheus.NewDesc("proxydiag_check_state", "The state of each check: 1 for the one that it has.", append([]string{"state"}, labels...), nil)
	durationDesc = prometheus.NewDesc("proxydiag_check_duration_seconds", "How long the last run of each check took.", labels, nil)
	runsDesc     = prometheus.NewDesc("proxydiag_check_runs_total", "How often each check ran.", labels, nil)
	failuresDesc = prometheus.NewDesc("proxydiag_check_failures_total", "How often each check ran and failed.", labels, nil)
	lastDesc     = prometheus.NewDesc("proxydiag_check_last_run_timestamp_seconds", "When each check ran last.", labels, nil)
	successDesc  = prometheus.NewDesc("proxydiag_check_last_success_timestamp_seconds", "When each check passed last.", labels, nil)
	valueDesc    = prometheus.NewDesc("proxydiag_check_value", "What each check measured, in its unit.", append([]string{"unit"}, labels...), nil)
	findingDesc  = prometheus.NewDesc("proxydiag_finding", "A finding of the last run of a stack: 1 while it is there. The codes are those that proxydiag explain lists.", []string{"stack", "code", "severity", "culprit"}, nil)
)

var states = []health.State{health.Up, health.Degraded, health.Down, health.Unknown}

// collector reads metrics off the last results.
type collector struct{ s *server }

// Describe implements [prometheus.Collector].
func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{upDesc, stateDesc, durationDesc, runsDesc, failuresDesc, lastDesc, successDesc, valueDesc, findingDesc} {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (c collector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	results := c.s.registry.Results()
	gauge(upDesc, truth(health.Worst(results).OK()))
	for _, r := range results {
		for _, s := range states {
			gauge(stateDesc, truth(r.State == s), string(s), r.Name, r.Kind)
		}
		ch <- prometheus.MustNewConstMetric(runsDesc, prometheus.CounterValue, float64(r.Runs), r.Name, r.Kind)
		ch <- prometheus.MustNewConstMetric(failuresDesc, prometheus.CounterValue, float64(r.Failures), r.Name, r.Kind)
		if r.Runs == 0 {
			continue
		}
		gauge(durationDesc, r.Duration.Seconds(), r.Name, r.Kind)
		gauge(lastDesc, seconds(r.Checked), r.Name, r.Kind)
		if !r.Success.IsZero() {
			gauge(successDesc, seconds(r.Success), r.Name, r.Kind)
		}
		if r.Unit != "" {
			gauge(valueDesc, r.Value, r.Unit, r.Name, r.Kind)
		}
		if rep, ok := c.s.reports.get(r.Name); ok && r.Kind == kindStack {
			for _, f := range counted(rep) {
				gauge(findingDesc, 1, r.Name, f.Code, string(f.Severity), string(f.Culprit))
			}
		}
	}
}

// counted are the findings that count, one of each code.
func counted(rep diag.Report) []diag.Finding {
	var list []diag.Finding
	seen := map[string]bool{}
	for _, f := range rep.Findings {
		if f.Counts(diag.Info) && !seen[f.Code] {
			seen[f.Code] = true
			list = append(list, f)
		}
	}
	return list
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// metrics answers at /metrics.
func (s *server) metrics() http.Handler {
	reg := prometheus.NewRegistry()
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "proxydiag_build_info", Help: "The version of proxydiag.", ConstLabels: prometheus.Labels{"version": s.Tool.Version}})
	build.Set(1)
	reg.MustRegister(collector{s}, s.legs.phases, build, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{MaxRequestsInFlight: 10, Timeout: 10 * time.Second})
}

// Metrics are the names of all metrics but those of the process.
func Metrics() []string {
	return []string{
		"proxydiag_up", "proxydiag_build_info", "proxydiag_check_state", "proxydiag_check_duration_seconds", "proxydiag_check_runs_total",
		"proxydiag_check_failures_total", "proxydiag_check_last_run_timestamp_seconds", "proxydiag_check_last_success_timestamp_seconds",
		"proxydiag_check_value", "proxydiag_finding", "proxydiag_leg_duration_seconds",
		"probe_success", "probe_duration_seconds", "proxydiag_probe_state", "proxydiag_probe_finding", "proxydiag_probe_check_status",
		"proxydiag_probe_leg_duration_seconds",
	}
}
