package nginx

import "github.com/proxydiag/proxydiag/pkg/diag"

var mountNotShared = diag.Rule{
	Doc: diag.Doc{
		Code: "storage-mount-not-shared", Part: diag.PartStorage, Severity: diag.Error,
		Title: "nginx sees another volume under the storage's path",
		Text: "The configuration maps the handoff to the very path of the file, the file is there for us, and " +
			"nginx says that it does not exist: the proxy runs where another volume, or none, stands under " +
			"that path, as in a container.",
		Fix: "Mount the same volume at that path for the proxy and for the application.",
		Before: `services:
  app: { volumes: [media:/srv/media] }
  proxy: { image: nginx }`,
		After: `services:
  app: { volumes: [media:/srv/media] }
  proxy: { image: nginx, volumes: [media:/srv/media:ro] }`,
		Source: "seen in containers",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"handoff-not-found"},
	Judge:    judge(judgeMountNotShared),
}

func judgeMountNotShared(s *site) *diag.Finding {
	if !s.notFound() || !s.opens(s.Handoff) {
		return nil
	}
	e, logged := s.Logged(failedWith(errNoEntry))
	if !logged || e.Opened != s.Handoff.File {
		return nil // without nginx's own word the configuration may not be the one in use
	}
	return s.With(s.Found(s.Handoff.FileBy, "nginx looks for %s and does not find it; here the file is at that path.", e.Opened), s.Handoff, e)
}
