package main

import (
	"fmt"
	"slices"

	"github.com/proxydiag/proxydiag/pkg/compare"
)

// interrupted says why a command that was interrupted has nothing to tell.
const interrupted = "interrupted before everything was observed"

// What a comparison comes to.
const (
	verdictExpected = "as expected"
	verdictOther    = "not as expected"
	verdictUnknown  = "could not be compared"
)

// judge says what two answers come to. What differs for certain is not as
// expected whatever else is not known; otherwise what is not known decides.
func (c *comparison) judge(b, p compare.Exchange, volatile []string) {
	c.AsExpected, c.Compared, c.Why = false, true, ""
	unknown := untold(b, p, c.Expect, volatile)
	certain := c.Differences
	if unknown != "" {
		certain = slices.DeleteFunc(slices.Clone(certain), func(d compare.Difference) bool {
			return d.Field == compare.FailureField || d.Field == compare.BodyField && (b.Failure != nil || p.Failure != nil) && !apart(b, p)
		})
	}
	switch {
	case faulty(c.Expect, certain):
	case unknown != "":
		c.Compared, c.Why = false, unknown
	default:
		c.AsExpected = true
	}
}

// untold says what keeps two answers from being compared to their end, "" where
// nothing does. Where only one of them fails, that is a difference, unless it
// is we who stopped.
func untold(b, p compare.Exchange, expect string, volatile []string) string {
	for _, x := range []compare.Exchange{b, p} {
		if x.Failure == nil {
			continue
		}
		switch x.Failure.Kind {
		case compare.Canceled:
			return interrupted
		case compare.Other:
			return x.Failure.Message
		}
	}
	switch {
	case stoppedByUs(b) && stoppedByUs(p), stoppedByUs(p) && expect == expectOffload:
		return "what comes behind the limit was not read; raise --max-body"
	case b.Failure != nil && p.Failure != nil:
		return "neither answer is whole"
	case expect == expectSame && slices.Contains(volatile, compare.BodyField):
		return "the body changes from one answer to the next by itself, so it is not known whether it is the same"
	case slices.Contains(volatile, compare.StatusField):
		return "the status changes from one answer to the next by itself"
	}
	return ""
}

// stoppedByUs says that the body was longer than what is read at most.
func stoppedByUs(x compare.Exchange) bool {
	return x.Failure != nil && x.Failure.Kind == compare.TooLong && x.Failure.Phase == compare.PhaseBody
}

// apart says that two bodies differ in what came of both, however each ended.
func apart(b, p compare.Exchange) bool {
	return b.Body.Length == p.Body.Length && b.Body.SHA256 != p.Body.SHA256
}

// verdict is the last line of the text.
func (c *comparison) verdict() string {
	switch {
	case c.AsExpected:
		return fmt.Sprintf("%s (%s)", verdictExpected, c.Expect)
	case c.Compared:
		return fmt.Sprintf("%s (%s)", verdictOther, c.Expect)
	}
	return fmt.Sprintf("%s (%s): %s", verdictUnknown, c.Expect, c.Why)
}
