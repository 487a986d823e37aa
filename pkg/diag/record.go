package diag

import (
	"time"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// RecordVersion is the version of the record's JSON that this package writes.
const RecordVersion = 1

// Record is everything that one run observed. It holds all that Judge needs,
// and no secret: header values and query values that may be one are replaced
// by a hash that is keyed with a key of this run, so that equality survives.
type Record struct {
	Version    int             `json:"version"`
	Tool       Tool            `json:"tool"`
	Started    time.Time       `json:"started"`
	DurationMS float64         `json:"duration_ms"`
	Stack      Stack           `json:"stack"`
	Fixtures   []FixtureRecord `json:"fixtures"`
	Exchanges  []Exchange      `json:"exchanges"`
	// Stray are requests that reached the companion without a probe's id.
	Stray []sendfile.Seen `json:"stray,omitempty"`
	// Config is the proxy's configuration as read, nil where none was named.
	Config *Config `json:"config,omitempty"`
	// Log is what the proxy's error log gained, nil where none was named.
	Log *Log `json:"log,omitempty"`
	// Paths and Users are what was looked at on this machine.
	Paths []Path `json:"paths,omitempty"`
	Users []User `json:"users,omitempty"`
	// Left are fixtures that could not be removed at the end of the run.
	Left []string `json:"left,omitempty"`
	// Interrupted says that the run was cancelled before its last step.
	Interrupted bool `json:"interrupted,omitempty"`
	// StandIns says that the companion answered in the place of every application
	// of the configuration, as gate has it: which of them was asked does not show.
	StandIns bool `json:"stand_ins,omitempty"`

	// shared is what views computed from Config, see View.Shared.
	shared map[any]any
}

// Config is the proxy's configuration, with its secrets replaced by text of
// equal length.
type Config struct {
	// Kind names the kind of server that it is for.
	Kind   string      `json:"kind"`
	Source conf.Source `json:"source"`
	// Failure says why it could not be read or parsed; the run goes on without it.
	Failure string `json:"failure,omitempty"`
}

// Tool names the program that wrote a record or a report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// FixtureRecord is what became of one fixture.
type FixtureRecord struct {
	Put
	Name string `json:"name"`
	// Path is where the storage keeps it, for people.
	Path string `json:"path,omitempty"`
	// Existing says that the file was there before and was only read.
	Existing bool `json:"existing,omitempty"`
	// PutFailure and ReadFailure are nil where the fixture was put and read
	// back as it was written.
	PutFailure  *StorageFailure `json:"put_failure,omitempty"`
	ReadFailure *StorageFailure `json:"read_failure,omitempty"`
	// FirstWrong is the first offset at which what was read back differs, -1
	// where nothing does.
	FirstWrong int64 `json:"first_wrong"`
	// SettledMS is how long it took until what was written could be read back, or
	// how long was waited for it in vain; 0: it was there at once.
	SettledMS  float64 `json:"settled_ms,omitempty"`
	DurationMS float64 `json:"duration_ms"`
}

// OK says that the fixture is in the storage as it was written.
func (f *FixtureRecord) OK() bool {
	return f != nil && f.PutFailure == nil && f.ReadFailure == nil && f.FirstWrong < 0
}

// StorageFailure is a storage's refusal.
type StorageFailure struct {
	Op      string        `json:"op"`
	Path    string        `json:"path"`
	Class   fixture.Class `json:"class"`
	Message string        `json:"message"`
	// Code, Request and Fix are what the service behind the storage says of it:
	// see fixture.Error.
	Code    string `json:"code,omitempty"`
	Request string `json:"request,omitempty"`
	Fix     string `json:"fix,omitempty"`
}

// Exchange is a probe and what came back.
type Exchange struct {
	Probe Probe `json:"probe"`
	compare.Exchange
	// Seen are the requests of this probe that reached the companion, in order.
	// It says nothing where the stack has no companion.
	Seen []sendfile.Seen `json:"seen,omitempty"`
	// Earlier are the statuses of the answers that came before this one, where
	// it was asked for again.
	Earlier []int `json:"earlier,omitempty"`
	// Parts are the verified parts of the body, where the probe asked for them.
	Parts *Parts `json:"parts,omitempty"`
}
