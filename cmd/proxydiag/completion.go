package main

import (
	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// complete makes the shell offer words for the value of a flag.
func complete(cmd *cobra.Command, flag string, words []string) {
	directive := cobra.ShellCompDirectiveNoFileComp
	for _, w := range words {
		if w[len(w)-1] == ':' {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
	}
	// The error is that of a flag that there is not, or of a second call.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, directive))
}

// kindsWithColon are the beginnings of --sendfile.
func kindsWithColon() []string {
	var list []string
	for _, name := range sendfile.Names() {
		list = append(list, name+":")
	}
	return list
}
