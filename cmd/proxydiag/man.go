package main

import (
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newMan writes the manual pages. Packagers need it, users do not see it.
func newMan(std streams) *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write the manual pages into a folder",
		Hidden: true,
		Args:   exactly("one folder", 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if info, err := os.Stat(args[0]); err != nil || !info.IsDir() {
				if err == nil {
					err = fs.ErrInvalid
				}
				return fmt.Errorf("%s: no folder to write the manual pages into: %w", args[0], err)
			}
			root := cmd.Root()
			disableAutoGenTag(root)
			return doc.GenManTree(root, &doc.GenManHeader{
				Section: "1", Source: "proxydiag " + tool().Version, Manual: "proxydiag", Date: pageDate(std),
			}, args[0])
		},
	}
}

// disableAutoGenTag keeps the day of the generation out of the pages.
func disableAutoGenTag(cmd *cobra.Command) {
	cmd.DisableAutoGenTag = true
	for _, c := range cmd.Commands() {
		disableAutoGenTag(c)
	}
}

// pageDate is the day that stands in the pages: that of the sources
// (https://reproducible-builds.org/docs/source-date-epoch/), or today's.
func pageDate(std streams) *time.Time {
	day := time.Now()
	var epoch int64
	if _, err := fmt.Sscan(std.env("SOURCE_DATE_EPOCH"), &epoch); err == nil {
		day = time.Unix(epoch, 0).UTC()
	}
	return &day
}
