// Package mute says which findings do not count: those that the user ignores by
// a flag or by a comment in the proxy's configuration, and those of a baseline.
package mute

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// Comment is a comment in a configuration that says that a finding is to be
// left: "# proxydiag: ignore CODE reason", at the end of the line that the
// finding points to, or on a line of its own above it.
type Comment struct {
	Pos    conf.Pos // of the comment
	Line   int      // that it is about
	Code   string
	Reason string
	used   bool
}

// comment matches what the comment says; the text before it is the line's.
var comment = regexp.MustCompile(`^(.*?)#\s*proxydiag:\s*ignore\b[ \t]*([^\s]*)[ \t]*(.*)$`)

// Comments reads the comments of a configuration. A comment without a code or
// without a reason is a problem.
func Comments(source conf.Source) (list []*Comment, problems []conf.Problem) {
	for _, file := range source.Files {
		lines := strings.Split(file.Text, "\n")
		for i, line := range lines {
			m := comment.FindStringSubmatch(strings.TrimRight(line, "\r"))
			if m == nil {
				continue
			}
			c := &Comment{Pos: conf.Pos{File: file.Path, Line: i + 1, Column: len(m[1]) + 1}, Line: i + 1, Code: m[2], Reason: strings.TrimSpace(m[3])}
			if strings.TrimSpace(m[1]) == "" {
				c.Line = next(lines, i)
			}
			if c.Code == "" || c.Reason == "" {
				problems = append(problems, conf.Problem{Pos: c.Pos, Kind: conf.Doubtful,
					Message: "write # proxydiag: ignore CODE, and behind it why; without both the comment ignores nothing"})
				continue
			}
			list = append(list, c)
		}
	}
	return list, problems
}

// next is the number of the first line behind line i that is neither empty nor
// a comment.
func next(lines []string, i int) int {
	for n := i + 1; n < len(lines); n++ {
		if text := strings.TrimSpace(lines[n]); text != "" && !strings.HasPrefix(text, "#") {
			return n + 1
		}
	}
	return 0
}

// inBaseline is the reason of findings that a baseline knows.
const inBaseline = "known, it is in the baseline"

// Rules are all reasons why findings do not count.
type Rules struct {
	Codes    []string // codes that are ignored wherever they are found
	Comments []*Comment
	Baseline *Baseline
	// Name gives the name that a file has in the baseline.
	Name func(file string) string
}

// Apply mutes findings of a report.
func (r Rules) Apply(rep *diag.Report) {
	rep.Mute(func(f diag.Finding) string {
		if slices.Contains(r.Codes, f.Code) {
			return "--ignore " + f.Code
		}
		for _, c := range r.Comments {
			if l := f.Location; l != nil && f.Code == c.Code && l.File == c.Pos.File && l.Line == c.Line {
				c.used = true
				return fmt.Sprintf("ignored at %s:%d: %s", c.Pos.File, c.Pos.Line, c.Reason)
			}
		}
		if r.Baseline != nil && r.Baseline.knows(rep.Stack.Name, f, r.Name) {
			return inBaseline
		}
		return ""
	})
}

// about says which line the comment is about.
func (c *Comment) about() string {
	if c.Line == 0 {
		return "the end of the file"
	}
	return fmt.Sprintf("line %d", c.Line)
}

// Unused are the comments that no finding was about, as problems, where pick
// accepts their code.
func (r Rules) Unused(pick func(code string) bool) []conf.Problem {
	var list []conf.Problem
	for _, c := range r.Comments {
		if !c.used && pick(c.Code) {
			list = append(list, conf.Problem{Pos: c.Pos, Kind: conf.Doubtful,
				Message: fmt.Sprintf("the comment ignores nothing: %s is not found at %s; take it out", c.Code, c.about())})
		}
	}
	return list
}
