package report

import "github.com/proxydiag/proxydiag/pkg/diag"

// The checks that have a place in the picture.
const (
	legStorage  = "storage"
	legBackend  = "backend"
	legDirect   = "direct"
	legEndToEnd = "end-to-end"
	offload     = "offload"
)

// tone is how good what a mark says is.
type tone string

const (
	good      tone = "good"
	bad       tone = "bad"
	doubtful  tone = "warning"
	undecided tone = "undecided"
	unasked   tone = "faint"
)

// mark is what is written at a place of the picture; the zero mark is none.
type mark struct {
	Symbol, Word string
	Tone         tone
	Culprit      bool
}

// Text is the mark as it is written.
func (m mark) Text() string {
	if m.Word == "" {
		return ""
	}
	return m.Symbol + " " + m.Word
}

// markOf is the mark of an outcome.
func markOf(s diag.Status) mark {
	switch s {
	case diag.Pass:
		return mark{Symbol: "✓", Word: "pass", Tone: good}
	case diag.Fail:
		return mark{Symbol: "✗", Word: "fail", Tone: bad}
	case diag.Skip:
		return mark{Symbol: "-", Word: "skip", Tone: unasked}
	case diag.Unknown:
		return mark{Symbol: "?", Word: "unknown", Tone: undecided}
	}
	return mark{}
}

// legs is the picture's content: the marks of the parts and of the links
// between them.
type legs struct {
	EndToEnd, Proxy, Handoff, Backend, Direct, Storage mark
}

// legsOf says how each part and each link fares. The culprit is at one place
// only: broken where no download arrives, faulty where it does all the same.
func legsOf(rep diag.Report) legs {
	status := map[string]diag.Status{}
	for _, c := range rep.Checks {
		status[c.ID] = c.Status
	}
	m := legs{
		EndToEnd: markOf(status[legEndToEnd]), Handoff: markOf(status[offload]),
		Backend: markOf(status[legBackend]), Direct: markOf(status[legDirect]), Storage: markOf(status[legStorage]),
	}
	arrives := status[legEndToEnd] == diag.Pass
	guilty := mark{Symbol: "✗", Word: "BROKEN", Tone: bad, Culprit: true}
	if arrives {
		guilty = mark{Symbol: "!", Word: "FAULTY", Tone: doubtful, Culprit: true}
	}
	switch rep.Culprit {
	case diag.PartStorage:
		m.Storage = guilty
	case diag.PartBackend:
		m.Backend = guilty
	case diag.PartHandoff:
		m.Handoff = guilty
	case diag.PartProxy:
		if arrives && len(rep.Findings) > 0 && rep.Findings[0].Check == legDirect {
			m.Direct = guilty
		} else {
			m.Proxy = guilty
		}
	}
	return m
}
