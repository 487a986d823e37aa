package mute

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// BaselineVersion is the version of a baseline's JSON.
const BaselineVersion = 1

// Baseline is what was found before and is known.
type Baseline struct {
	Version  int     `json:"version"`
	Findings []Known `json:"findings"`
}

// Known is a finding of a baseline. Code, File and Text are for people: the
// fingerprint decides.
type Known struct {
	Fingerprint string `json:"fingerprint"`
	Stack       string `json:"stack,omitempty"`
	Code        string `json:"code"`
	File        string `json:"file,omitempty"`
	Text        string `json:"text,omitempty"`

	seen bool
}

// ReadBaseline reads a baseline.
func ReadBaseline(path string) (*Baseline, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var b Baseline
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		return nil, fmt.Errorf("%s is no baseline: %w", path, err)
	}
	if b.Version != BaselineVersion {
		return nil, fmt.Errorf("%s is a baseline of version %d, and this proxydiag knows version %d", path, b.Version, BaselineVersion)
	}
	return &b, nil
}

// JSON is the baseline as it is kept.
func (b *Baseline) JSON() ([]byte, error) {
	data, err := json.MarshalIndent(b, "", "  ")
	return append(data, '\n'), err
}

// knows says that a finding is in the baseline.
func (b *Baseline) knows(stack string, f diag.Finding, name func(string) string) bool {
	print, found := f.Fingerprint(name), false
	for i := range b.Findings {
		if k := &b.Findings[i]; k.Fingerprint == print && k.Stack == stack {
			k.seen, found = true, true
		}
	}
	return found
}

// Gone are the known findings of the stacks that were not found any more.
func (b *Baseline) Gone(stacks []string) []Known {
	return slices.DeleteFunc(slices.Clone(b.Findings), func(k Known) bool { return k.seen || !slices.Contains(stacks, k.Stack) })
}

// BaselineOf makes a baseline of what was found, but for what is ignored.
func BaselineOf(reps []diag.Report, name func(string) string) *Baseline {
	b := &Baseline{Version: BaselineVersion, Findings: []Known{}}
	for _, rep := range reps {
		for _, f := range rep.Findings {
			if f.Muted != "" && f.Muted != inBaseline {
				continue
			}
			k := Known{Fingerprint: f.Fingerprint(name), Stack: rep.Stack.Name, Code: f.Code}
			if l := f.Location; l != nil {
				k.File, k.Text = name(l.File), l.Text
			}
			if !slices.Contains(b.Findings, k) {
				b.Findings = append(b.Findings, k)
			}
		}
	}
	slices.SortStableFunc(b.Findings, func(x, y Known) int {
		return cmp.Or(cmp.Compare(x.Stack, y.Stack), cmp.Compare(x.File, y.File), cmp.Compare(x.Code, y.Code), cmp.Compare(x.Text, y.Text))
	})
	return b
}
