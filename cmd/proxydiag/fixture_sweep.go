package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/report"
)

func newFixtureRemove(std streams) *cobra.Command {
	var storage string
	cmd := &cobra.Command{
		Use:   "remove --storage DIR NAME|NAME:SIZE:KEY",
		Short: "Remove a fixture",
		Args:  exactly("one fixture", 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := args[0]
			if f, err := parseTicket(name); err == nil {
				name = f.Name
			}
			if !fixture.IsOurs(name) {
				return fmt.Errorf("%s: not the name of a fixture, and nothing else is ever removed; give the name that 'proxydiag fixture put' printed", name)
			}
			store, err := openStorage(storage, nil)
			if err != nil {
				return err
			}
			defer func() { _ = store.Close() }()
			if err := store.Remove(cmd.Context(), name); err != nil {
				return refused(cmd.Context(), std, err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&storage, "storage", "", "where the fixture is: "+all.Storages())
	return cmd
}

// defaultAge is how old a fixture is at least that sweep takes for left behind:
// far longer than a run takes.
const defaultAge = time.Hour

func newFixtureSweep(std streams) *cobra.Command {
	var storage, format string
	var age time.Duration
	var dry bool
	cmd := &cobra.Command{
		Use:   "sweep --storage DIR",
		Short: "Remove what killed runs have left behind",
		Long: "sweep removes the files in the storage's root that have the name of a fixture and are older\n" +
			"than an hour, and the folders that a run made so long ago. Everything else stays. It prints\n" +
			"the names.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			if age < 0 {
				return fmt.Errorf("--older-than %s: it cannot be less than nothing; write for example --older-than 1h", age)
			}
			store, err := openStorage(storage, nil)
			if err != nil {
				return err
			}
			defer func() { _ = store.Close() }()
			sweep := fixture.Sweep
			if dry {
				sweep = fixture.Stale
			}
			names, failed := sweep(cmd.Context(), store, age, time.Now())
			if err := writeSwept(std, format, dry, names); err != nil {
				return err
			}
			if failed != nil {
				return refused(cmd.Context(), std, failed)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&storage, "storage", "", "what is swept: "+all.Storages())
	f.DurationVar(&age, "older-than", defaultAge, "how old a fixture is at least that is removed")
	f.BoolVar(&dry, "dry-run", false, "print what would be removed, and remove nothing")
	f.StringVar(&format, "format", "text", "text or json")
	complete(cmd, "format", plainFormats())
	return cmd
}

func writeSwept(std streams, format string, dry bool, names []string) error {
	if format == "json" {
		return report.JSON(std.out, struct {
			Version int      `json:"version"`
			DryRun  bool     `json:"dry_run"`
			Names   []string `json:"names"`
		}{1, dry, append([]string{}, names...)})
	}
	for _, name := range names {
		if _, err := fmt.Fprintln(std.out, report.Visible(name)); err != nil {
			return err
		}
	}
	return nil
}
