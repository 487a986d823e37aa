package conf

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind is what kind of problem there is with a configuration.
type Kind string

// The kinds of problem.
const (
	Syntax     Kind = "syntax"     // the server would refuse it, too
	Missing    Kind = "missing"    // a file that is named is not there
	Unreadable Kind = "unreadable" // a file is there and cannot be read
	NotText    Kind = "not-text"   // a binary file
	TooLarge   Kind = "too-large"  // more than a configuration can sensibly be
	Cycle      Kind = "cycle"      // a file includes itself
	Doubtful   Kind = "doubtful"   // the server takes it, and it hardly means what was written
	Empty      Kind = "empty"      // a folder or a dump that holds no configuration
)

// Problem is one reason why a configuration cannot be read, or not wholly.
type Problem struct {
	Pos     Pos    `json:"pos"` // zero where there is no place
	Kind    Kind   `json:"kind"`
	Message string `json:"message"`
}

// String is "file:line:column: message".
func (p Problem) String() string {
	if p.Pos.IsZero() || p.Pos.Line == 0 && strings.HasPrefix(p.Message, strconv.Quote(p.Pos.File)+" ") {
		return p.Message // which names the file
	}
	return p.Pos.String() + ": " + p.Message
}

// Error is every problem that was found in a configuration; at least one.
type Error struct {
	Problems []Problem
}

// Error lists the problems, at most ten of them, one on a line.
func (e *Error) Error() string {
	const most = 10
	var lines []string
	for i, p := range e.Problems {
		if i == most {
			lines = append(lines, fmt.Sprintf("and %d more", len(e.Problems)-most))
			break
		}
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}

// Only says that all problems are of the given kinds, so that a caller may
// choose to go on with what could be read.
func (e *Error) Only(kinds ...Kind) bool {
	for _, p := range e.Problems {
		found := false
		for _, k := range kinds {
			found = found || p.Kind == k
		}
		if !found {
			return false
		}
	}
	return true
}
