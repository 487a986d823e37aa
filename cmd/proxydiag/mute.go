package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/internal/mute"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/report"
)

// muteFlags say which findings do not count.
type muteFlags struct {
	ignore   []string
	baseline string
	update   bool
}

func (m *muteFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&m.ignore, "ignore", nil, "a finding of this `CODE` does not count, repeatable")
	f.StringVar(&m.baseline, "baseline", "", "findings that this `FILE` knows do not count, new ones do")
	f.BoolVar(&m.update, "update-baseline", false, "write what is found into the file of --baseline")
	complete(cmd, "ignore", findingCodes())
}

// muting decides on reports what counts.
type muting struct {
	flags    muteFlags
	baseline *mute.Baseline
	named    func(file string) string
}

// open checks the flags and reads the baseline.
func (m muteFlags) open(o report.Options) (*muting, error) {
	for _, code := range m.ignore {
		if !slices.Contains(findingCodes(), code) {
			return nil, fmt.Errorf("--ignore %s: there is no such finding%s; 'proxydiag explain' lists them", code, didYouMean(code, findingCodes()))
		}
	}
	open := &muting{flags: m, named: o.Named}
	if m.baseline == "" {
		if m.update {
			return nil, errors.New("--update-baseline writes a file, and none is named; add --baseline FILE")
		}
		return open, nil
	}
	b, err := mute.ReadBaseline(m.baseline)
	switch {
	case err == nil:
		open.baseline = b
	case errors.Is(err, fs.ErrNotExist) && m.update:
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("--baseline %s: it is not there; --update-baseline writes it", m.baseline)
	default:
		if _, ok := errors.AsType[*fs.PathError](err); ok {
			err = cannotOpen(m.baseline, err)
		}
		return nil, fmt.Errorf("--baseline: %w", err)
	}
	return open, nil
}

// rules are the reasons why findings about a configuration do not count; config
// may be nil. The problems are comments that cannot be acted on.
func (m *muting) rules(config *diag.Config) (mute.Rules, []conf.Problem) {
	r := mute.Rules{Codes: m.flags.ignore, Baseline: m.baseline, Name: m.named}
	if config == nil {
		return r, nil
	}
	comments, problems := mute.Comments(config.Source)
	r.Comments = comments
	for _, c := range comments {
		if !slices.Contains(findingCodes(), c.Code) {
			problems = append(problems, conf.Problem{Pos: c.Pos, Kind: conf.Doubtful,
				Message: fmt.Sprintf("the comment ignores nothing: there is no finding %s%s", c.Code, didYouMean(c.Code, findingCodes()))})
		}
	}
	return r, problems
}

// settle writes the baseline, where that is asked for, and tells what of an old
// one is gone.
func (m *muting) settle(reps []diag.Report, w io.Writer) error {
	if m.flags.baseline == "" {
		return nil
	}
	if report.Worst(reps) == diag.Inconclusive || slices.ContainsFunc(reps, func(r diag.Report) bool { return r.Status == diag.Inconclusive }) {
		if m.flags.update {
			fmt.Fprintf(w, "proxydiag: --update-baseline: not enough could be observed; %s stays as it is\n", m.flags.baseline)
		}
		return nil
	}
	if m.flags.update {
		return m.write(reps)
	}
	var stacks []string
	for _, r := range reps {
		stacks = append(stacks, r.Stack.Name)
	}
	if gone := m.baseline.Gone(stacks); len(gone) > 0 {
		fmt.Fprintf(w, "proxydiag: %d of the findings in %s are gone, %s for example; --update-baseline takes them out\n",
			len(gone), m.flags.baseline, gone[0].Code)
	}
	return nil
}

// write writes the baseline, after which all that is in it is known.
func (m *muting) write(reps []diag.Report) error {
	t, err := openTarget("--baseline", "baseline", m.flags.baseline, 0o666)
	if err != nil {
		return err
	}
	b := mute.BaselineOf(reps, m.named)
	data, err := b.JSON()
	if err != nil {
		t.discard()
		return fmt.Errorf("--baseline: %w", err)
	}
	if err := t.write(data); err != nil {
		return err
	}
	for i := range reps {
		mute.Rules{Baseline: b, Name: m.named}.Apply(&reps[i])
	}
	return nil
}
