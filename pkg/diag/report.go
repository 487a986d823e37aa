package diag

import (
	"time"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// ReportVersion is the version of the report's JSON.
const ReportVersion = 1

// Report is the verdict on one run.
type Report struct {
	Version    int           `json:"version"`
	Tool       Tool          `json:"tool"`
	Started    time.Time     `json:"started"`
	DurationMS float64       `json:"duration_ms"`
	Stack      Stack         `json:"stack"`
	Status     Verdict       `json:"status"`
	Culprit    Part          `json:"culprit"`
	Checks     []CheckResult `json:"checks"`
	Findings   []Finding     `json:"findings"`
	// Notices are about the configuration and no findings: what could not be read
	// of it, comments in it that ignore nothing.
	Notices []conf.Problem `json:"notices,omitempty"`
	// Pairs are what gate tried of a configuration: each way in with each way
	// out. Nil for the other commands.
	Pairs []Pair `json:"pairs,omitempty"`
	// Changes are what a sandbox dealt with so that the configuration could be
	// started there: what is missing on this machine, what was left out.
	Changes []conf.Problem `json:"changes,omitempty"`
	// Interrupted runs came to no end. It is no part of the report.
	Interrupted bool `json:"-"`
	// Source is the configuration that places point into, nil for none. It is no
	// part of the report.
	Source *conf.Source `json:"-"`
}

// Pair is a way into a configuration, to an application, and a way out of it,
// to the files, tried together.
type Pair struct {
	Via     string  `json:"via"`
	To      string  `json:"to"`
	Status  Verdict `json:"status"`
	Culprit Part    `json:"culprit"`
	// Findings are those that the pair shows, in short: whole they stand among the
	// findings of the report.
	Findings []Shown `json:"findings"`
	// Reason says why nothing could be judged.
	Reason string `json:"reason,omitempty"`
	// Delivered says that the download arrived.
	Delivered bool `json:"-"`
}

// Shown is a finding in short.
type Shown struct {
	Code     string    `json:"code"`
	Severity Severity  `json:"severity"`
	Location *Location `json:"location,omitempty"`
}

// Verdict is the verdict on a stack.
type Verdict string

// The verdicts.
const (
	Healthy       Verdict = "healthy"
	Misconfigured Verdict = "misconfigured"
	Inconclusive  Verdict = "inconclusive" // not enough could be observed
)

// CheckResult is the outcome of one check.
type CheckResult struct {
	ID         string  `json:"id"`
	Title      string  `json:"title"`
	Status     Status  `json:"status"`
	Reason     string  `json:"reason,omitempty"`
	DurationMS float64 `json:"duration_ms"`
}

// Finding is one fault: which part, what, the evidence, the fix, the place.
type Finding struct {
	Code         string        `json:"code"`
	Severity     Severity      `json:"severity"`
	Culprit      Part          `json:"culprit"`
	Check        string        `json:"check"`
	Symptom      string        `json:"symptom,omitempty"`
	Title        string        `json:"title"`
	Detail       string        `json:"detail"`
	Evidence     []Evidence    `json:"evidence"`
	Location     *Location     `json:"location,omitempty"`
	Fix          string        `json:"fix"`
	Consequences []Consequence `json:"consequences,omitempty"`
	// Possible are other causes of the same symptom, with weaker evidence.
	Possible []Consequence `json:"possible,omitempty"`
	// Pairs name the pairs that show it, "via → to", where not all of them do.
	Pairs []string `json:"pairs,omitempty"`
	// Muted says why the finding does not count: it is in the baseline, or the
	// user has said that it is to be left.
	Muted string `json:"muted,omitempty"`
	// Certainty orders causes of one symptom: the higher leads. It is no part
	// of the report.
	Certainty int `json:"-"`
	// Depends says that whether it is a fault depends on what the user means,
	// though others of its rule are faults whatever is meant (Rule.Anyway). It is
	// no part of the report.
	Depends bool `json:"-"`
}

// Consequence is a finding that follows from another one, or that another one
// is preferred to.
type Consequence struct {
	Code  string `json:"code"`
	Title string `json:"title"`
}

// Location is a place in a file. Line and column (in bytes) count from 1; Text is
// what stands there: a directive, without what is before and after it.
type Location struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Text   string `json:"text"`
}

// EvidenceKind says what a piece of evidence is.
type EvidenceKind string

// The kinds of evidence.
const (
	EvidenceExchange EvidenceKind = "exchange" // what a port answered
	EvidenceDiff     EvidenceKind = "diff"     // backend and proxy side by side with what is expected
	EvidenceSeen     EvidenceKind = "seen"     // what reached the companion
	EvidenceFile     EvidenceKind = "file"     // a file or folder of the storage
	EvidenceLog      EvidenceKind = "log"      // a line of the proxy's error log
	EvidenceConfig   EvidenceKind = "config"   // a directive of the proxy's configuration
)

// Evidence is one observation that proves a finding.
type Evidence struct {
	Kind EvidenceKind `json:"kind"`
	// Text is the observation in a sentence.
	Text string `json:"text"`
	// Probe is the id of the exchange it was read from.
	Probe string `json:"probe,omitempty"`
	// Rows compare what was seen, for the kind diff.
	Rows []Row `json:"rows,omitempty"`
	// Lines quote a file or a log.
	Lines []Location `json:"lines,omitempty"`
}

// Row is one line of a comparison. A cell is empty where there is nothing to say.
type Row struct {
	Field    string `json:"field"`
	Backend  string `json:"backend,omitempty"`
	Proxy    string `json:"proxy,omitempty"`
	Expected string `json:"expected,omitempty"`
	Meaning  string `json:"meaning,omitempty"`
}
