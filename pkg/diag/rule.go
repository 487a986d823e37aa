package diag

// Part is a part of the stack that can be guilty.
type Part string

// The parts, and what stands in a report where none is guilty.
const (
	PartStorage Part = "storage"
	PartBackend Part = "backend"
	PartProxy   Part = "proxy"   // routing, reachability, permissions, what the proxy does to any response
	PartHandoff Part = "handoff" // the X-Accel/X-Sendfile wiring between backend and proxy
	PartNone    Part = "none"
)

// Severity orders findings: an error breaks or exposes downloads, a warning
// harms some of them, info is worth knowing.
type Severity string

// The severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// AtLeast says that s is as severe as t or more.
func (s Severity) AtLeast(t Severity) bool { return s.rank() >= t.rank() }

func (s Severity) rank() int {
	switch s {
	case Error:
		return 3
	case Warning:
		return 2
	case Info:
		return 1
	}
	return 0
}

// Doc documents a finding for `explain` and the docs.
type Doc struct {
	Code     string
	Part     Part
	Severity Severity
	// Title is one line: what is wrong.
	Title string
	// Text explains what it means for downloads and how it is told apart.
	Text string
	// Fix is what to change, in one or two sentences.
	Fix string
	// Before and After show the fault and its mend, as configuration, code or a
	// dialogue. Configurations are run on the real server by the tests of e2e:
	// with Before the fault is found and no other, with After none.
	Before, After string
	// Source is where the facts come from: an RFC section, a server's documentation.
	Source string
}

// Rule is one finding: its documentation and the pure function that judges
// whether a run shows it.
type Rule struct {
	Doc
	// Check is the id of the check that fails with this finding.
	Check string
	// Blocks says that a download with this fault does not arrive: such findings
	// are listed first.
	Blocks bool
	// Explains lists codes that follow from this fault where both are found, as
	// patterns of path.Match: they become its consequences.
	Explains []string
	// Symptoms lists the codes of which this fault is a cause, as patterns of
	// path.Match: a finding of one of them is absorbed, as this one's Symptom.
	Symptoms []string
	// Needs says that the rule is judged only where one of its Symptoms was found;
	// a Static one is judged without a run as well.
	Needs bool
	// Static rules judge the configuration alone; they are what lint runs.
	Static bool
	// Partly says that lint finds a Static rule's fault only where the intent is
	// known, or in a plain case; check finds it otherwise, too.
	Partly bool
	// Anyway says that a finding is a fault whatever the user means: it holds
	// also for a handoff that is made up from the configuration, as gate does.
	Anyway bool
	// Judge returns the findings with Detail and Evidence, with Fix where a
	// more exact one than the documentation's is known, and with Check where it
	// is another check that fails. The rest is filled in.
	Judge func(v *View) []Finding
}

// Status is the outcome of a check.
type Status string

// The outcomes of a check.
const (
	Pass    Status = "pass"
	Fail    Status = "fail"
	Unknown Status = "unknown" // it could not be judged, the reason says why
	Skip    Status = "skip"    // it was not asked for or does not apply, the reason says why
)

// Check is one question that a run answers.
type Check struct {
	ID string
	// Title is the question, for people.
	Title string
	// Roles and Probes are the fixtures and the probes whose durations make up the check's.
	Roles, Probes []string
	// Judge is the check's outcome where no rule of the check found anything,
	// with a reason for all but Pass.
	Judge func(v *View) (Status, string)
}
