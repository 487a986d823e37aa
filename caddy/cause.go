package caddy

import (
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// rules are the causes that Caddy's configuration and log show, and what is
// wrong with a configuration whatever is asked.
func rules() []diag.Rule {
	return []diag.Rule{
		upstreamUnreachable,
		wrongHeader, noHandleResponse,
		clientHeader, wrongPlaceholder, noFileServer, noRewrite,
		permissionDenied, prefixKept, wrongRoot,
		headersNotCopied, copyLeaks,
		publicTwin, rootTooWide,
	}
}

// judge makes a rule's function of one that looks at a download.
func judge(f func(*site) *diag.Finding) func(*diag.View) []diag.Finding {
	return cause.Judge(siteOf, f)
}

// judgeConfig is judge for rules that look at the configuration, with or
// without a run.
func judgeConfig(f func(*site) []diag.Finding) func(*diag.View) []diag.Finding {
	return cause.JudgeConfig(siteOf, f)
}

// found is a cause at a directive, or at the import that passes to it what is
// wrong.
func (s *site) found(at *conf.Directive, format string, args ...any) *diag.Finding {
	by := s.place(at)
	f := s.Found(by, format, args...)
	if by != at {
		f.Evidence = append(f.Evidence, s.Quote("where it counts", at))
	}
	return f
}

// mapping says what of the way to the file is wrong.
type mapping int

const (
	mapsUnknown mapping = iota // it cannot be told
	mapsRight                  // the file is where it is looked for
	mapsURI                    // the folder is right, the URI is not what lies in it
	mapsFolder                 // the folder is another one
)

// mapped compares the path that a handoff opens with the stored file's.
func (s *site) mapped() (is mapping, opened string) {
	h := s.Handoff
	if h == nil || h.By == nil || h.By.Files == nil || h.File == "" || s.File.Path == "" {
		return mapsUnknown, ""
	}
	want, root := s.File.Path, path.Clean(h.Root)
	switch uri := path.Clean("/" + h.URI); {
	case s.Same(h.File, want):
		return mapsRight, h.File
	case !path.IsAbs(h.Root):
		return mapsFolder, h.File
	case s.Same(root, path.Dir(want)):
		return mapsURI, h.File
	case strings.HasSuffix(want, uri):
		return mapsFolder, h.File
	case s.Below(want, root) && h.File != root:
		return mapsURI, h.File
	}
	return mapsFolder, h.File
}

// fromAnswer is the rewrite by which the handoff's URI is taken over, nil where
// none ran.
func (t *Passage) fromAnswer() *Handler {
	for _, h := range append(slices.Clone(t.Rewritten), t.Idle...) {
		if source(h.Rewrite) == fromAnswer {
			return h
		}
	}
	return nil
}

// rewrites are the rewrites of a whole URI that ran since the answer came.
func (t *Passage) rewrites() []*Handler {
	var list []*Handler
	for _, h := range append(slices.Clone(t.Rewritten), t.Idle...) {
		if h.Rewrite.URI != "" {
			list = append(list, h)
		}
	}
	return list
}

// atFiles says that a handoff ends at a file_server, or where its file is missing.
func (t *Passage) atFiles() bool {
	return t != nil && t.By != nil && t.By.Files != nil && (t.Outcome == route.File || t.Outcome == route.Folder || t.Outcome == route.Refused || t.Outcome == route.Returned)
}
