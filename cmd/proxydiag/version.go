package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// tool names this program in records and reports. A build from a released
// module has its version, any other one is "devel".
func tool() diag.Tool {
	t := diag.Tool{Name: "proxydiag", Version: "devel"}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		t.Version = info.Main.Version
	}
	return t
}

func newVersion(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(std.out, "proxydiag", tool().Version)
			return err
		},
	}
}
