package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/internal/running"
	"github.com/proxydiag/proxydiag/pkg/report"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// used is the configuration of the server on this machine: of the one that
// runs, or else of the one that is installed. Of several the user chooses.
func (i *initFlags) used(ctx context.Context, std streams) (string, error) {
	kinds := readable()
	if i.server != "" {
		kind, err := findKind("--server", i.server)
		if err != nil {
			return "", err
		}
		kinds = []server.Kind{kind}
	}
	found := running.Find(ctx, kinds, running.Options{})
	if len(found) == 0 {
		found = running.Installed(ctx, kinds)
	}
	switch {
	case len(found) == 0:
		return "", fmt.Errorf("no server of %s runs or is installed here; name its configuration, or begin with a sample: init --sample %s",
			strings.Join(kindNames(kinds), ", "), kinds[0].Name)
	case len(found) > 1:
		return "", fmt.Errorf("several configurations are used here; name one of them: %s", choice(found))
	case found[0].File == "":
		return "", fmt.Errorf("%s; name its configuration", report.Visible(found[0].String()))
	}
	fmt.Fprintf(std.err, "proxydiag: taking %s: %s\n", report.Visible(found[0].File), report.Visible(found[0].String()))
	i.server = found[0].Kind.Name
	return found[0].File, nil
}

// choice tells configurations, with what tells them.
func choice(found []running.Found) string {
	var list []string
	for _, f := range found {
		text := f.String()
		if f.File != "" {
			text = f.File + " (" + text + ")"
		}
		list = append(list, report.Visible(text))
	}
	return strings.Join(list, "; ")
}
