package main

import (
	"bytes"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// recordFlag says where a run's record goes.
type recordFlag struct{ path string }

func (r *recordFlag) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&r.path, "record", "", "save all that was observed to `FILE`, for 'proxydiag judge'; credentials are replaced in it")
}

// open opens the file, nil where none is asked for. A record holds the
// proxy's configuration and paths of this machine, so a file that is made for
// it is its owner's alone.
func (r *recordFlag) open(out *output) (*target, error) {
	switch {
	case r.path == "":
		return nil, nil
	case r.path == "-":
		return nil, fmt.Errorf("--record -: standard output is for the report; name a file, for example --record run.json")
	}
	to, err := openTarget("--record", "record", r.path, 0o600)
	if err == nil && to.is(out.file) {
		to.discard()
		return nil, fmt.Errorf("--record and -o are the same file; the record and the report need one each")
	}
	return to, err
}

// concludeRun saves the record of a run, where it is asked for, and concludes.
// A record that cannot be written keeps nobody from the report.
func (o *output) concludeRun(std streams, rec *diag.Record, to *target) error {
	rec, failed := saveRecord(to, rec)
	err := o.conclude(std, rec)
	if failed != nil {
		return failed
	}
	return err
}

// saveRecord writes the record, where it is asked for, and gives what can be
// read from it again: that is what is judged, so that judging it later gives
// the same report.
func saveRecord(to *target, rec *diag.Record) (*diag.Record, error) {
	if to == nil {
		return rec, nil
	}
	var b bytes.Buffer
	if err := rec.Save(&b); err != nil {
		return rec, fmt.Errorf("--record: %w", err)
	}
	failed := to.write(b.Bytes())
	saved, err := diag.ReadRecord(&b)
	if err != nil {
		return rec, fmt.Errorf("--record: %w", err)
	}
	return saved, failed
}
