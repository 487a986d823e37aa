package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

func newJudge(std streams) *cobra.Command {
	var o outputFlags
	cmd := &cobra.Command{
		Use:   "judge RECORD",
		Short: "Judge a recorded run again",
		Long: "judge reads what 'proxydiag check --record FILE' saved and reports on it as check did, in\n" +
			"any format, with the same exit status. It sends nothing and opens no other file. - reads\n" +
			"the record from standard input.",
		Example: "  proxydiag check … --record run.json\n  proxydiag judge run.json --format json",
		Args:    exactly("one record", 1),
		RunE: func(_ *cobra.Command, args []string) (err error) {
			out, err := o.open(std)
			if err != nil {
				return err
			}
			defer out.discard()
			rec, err := readRecord(args[0], std, out.file)
			if err != nil {
				return err
			}
			defer notAsWritten(args[0], &err)
			return out.conclude(std, rec)
		},
	}
	o.register(cmd)
	return cmd
}

// notAsWritten makes a sentence of what a record does that no run writes and no
// rule expects: it may come from anywhere.
func notAsWritten(path string, err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s: it cannot be judged, it is not as a run writes it (%v); if proxydiag wrote it, please report this", path, p)
	}
}

// readRecord reads a record from a file, or from standard input.
func readRecord(path string, std streams, to *target) (*diag.Record, error) {
	from := std.in
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, cannotOpen(path, err)
		}
		defer func() { _ = file.Close() }()
		from = file
	}
	if file, ok := from.(*os.File); ok && to.is(&target{file: file}) {
		return nil, fmt.Errorf("-o %s: this is the record that is judged; write the report to another file", to.file.Name())
	}
	rec, err := diag.ReadRecord(from)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return rec, nil
}

// cannotOpen says that a file that is named cannot be opened.
func cannotOpen(path string, err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return fmt.Errorf("%s cannot be opened: %w; name a file that can be read", path, err)
}
