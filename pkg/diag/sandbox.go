package diag

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/fixture"
)

// Sandbox is what an Observer needs to know where the stack runs in a sandbox:
// the record then says everything in the words of the configuration that is
// tried, as if its own paths and addresses had been used.
type Sandbox struct {
	// Run is the id of the run, by which the requests of several runs that are
	// under way at once are told apart. Not empty.
	Run string
	// Root is the folder that mirrors the machine's paths: what the record calls
	// /srv/files is Root/srv/files. "" where the real paths are used.
	Root string
	// Original puts a text of the sandbox into the words of the configuration.
	// It may be nil.
	Original func(string) string
}

// sandboxLog stands for the path of the sandbox's error log, which is gone when
// the report is read.
const sandboxLog = "the sandbox's error log"

// original puts a text into the words of the configuration.
func (s *Sandbox) original(text string) string {
	if s == nil || s.Original == nil {
		return text
	}
	return s.Original(text)
}

// real is where a path of the configuration is on this machine.
func (s *Sandbox) real(path string) string {
	if s == nil || s.Root == "" {
		return path
	}
	return filepath.Join(s.Root, path)
}

// meant is a path on this machine as the configuration calls it.
func (s *Sandbox) meant(path string) string {
	if s == nil || s.Root == "" {
		return path
	}
	if rest, ok := strings.CutPrefix(path, s.Root); ok && strings.HasPrefix(rest, "/") {
		return rest
	}
	return path
}

// own are the lines of the log that are not about the fixtures of other runs,
// in the words of the configuration.
func (s *Sandbox) own(rec *Record) []string {
	if s == nil {
		return rec.Log.Lines
	}
	lines := []string{}
	for _, line := range rec.Log.Lines {
		others := strings.Contains(line, fixture.Prefix) && !slices.ContainsFunc(rec.Fixtures, func(f FixtureRecord) bool {
			return strings.Contains(line, path.Base(f.Name))
		})
		if !others {
			lines = append(lines, s.original(line))
		}
	}
	return lines
}

// exchange puts an exchange into the words of the configuration.
func (s *Sandbox) exchange(x *Exchange) {
	if s == nil {
		return
	}
	x.Header, x.Remote = s.header(x.Header), s.original(x.Remote)
	for i := range x.Seen {
		x.Seen[i].Host = s.original(x.Seen[i].Host)
	}
}

func (s *Sandbox) header(h compare.Header) compare.Header {
	out := make(compare.Header, len(h))
	for i, f := range h {
		f.Value = s.original(f.Value)
		out[i] = f
	}
	return out
}
