package caddy

import (
	"fmt"
	"path"
	"slices"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

var publicTwin = diag.Rule{
	Doc: diag.Doc{
		Code: "caddy-public-twin", Part: diag.PartHandoff, Severity: diag.Warning,
		Title: "A file_server serves the same folder to anyone",
		Text: "The folder that the application hands over from lies in, or is, one that a file_server serves by " +
			"itself: the same files have a second URL, and the application is not asked there.",
		Fix: "Move the protected files out of the public folder, or refuse the second URL.",
		Before: `handle_path /media/* {
	root * /srv/media   # what /dl/* hands over from
	file_server
}`,
		After: `handle_path /media/* {
	root * /var/www/html
	file_server
}`,
		Source: "Caddy documentation, file_server; root",
	},
	Check:    "exposure",
	Anyway:   true,
	Explains: []string{"handoff-internal-exposed"},
	Static:   true,
	Judge:    judgeConfig(judgePublicTwin),
}

// judgePublicTwin names them. Where all of a site's root may be handed over, a part
// of it that is guarded may well be meant.
func judgePublicTwin(s *site) []diag.Finding {
	twins := s.twins()
	list := s.Public(twins, "what hands over from the same folder", func(t cause.Twin[*Passage]) string {
		return fmt.Sprintf("It sends %s for %s, and the application is not asked.", t.Route.File, t.URI)
	})
	for i := range list {
		list[i].Depends = slices.ContainsFunc(twins, func(t cause.Twin[*Passage]) bool {
			return path.Dir(t.URI) == "/" && *s.Place(t.By) == *list[i].Location
		})
	}
	return list
}
