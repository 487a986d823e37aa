package nginx

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

// Rules are the causes that nginx's configuration and log show, and what is
// wrong with a configuration whatever is asked.
func rules() []diag.Rule {
	return []diag.Rule{
		serverNameMismatch, downloadLocationInternal, upstreamUnreachable, noResolver, headerTooBig, proxyPassRewritesPath,
		accelIgnored, serverRewrite, namedLocationMissing, redirectCycle, regexShadowsInternal, noInternalLocation,
		accessDenied, placeholderCapture, regexAliasNoCapture, aliasSlash, rootForAlias, noRoot,
		s3ArgsLost, s3Host, s3AuthForwarded,
		permissionDenied, symlinkRefused, wrongDirectory, mountNotShared, fallbackPage,

		cachedHandoff, internalMissing, cacheControlOverridden, duplicateHeader, gzipDownload, rangesDisabled, bodyFilter, openFileCache,
		s3VariableDecoded, s3HeaderLeak,
		errorPageMasks, tempFile, errorKeepsHeaders, addHeaderLost, dotfileRule,

		publicTwin, offBySlash, aliasTooWide, openUpstream, cacheUserLeak,
	}
}

// judge makes a rule's function of one that looks at a download's site.
func judge(f func(*site) *diag.Finding) func(*diag.View) []diag.Finding {
	return cause.Judge(siteOf, f)
}

// judgeConfig is judge for rules that look at the configuration, with or
// without a run.
func judgeConfig(f func(*site) []diag.Finding) func(*diag.View) []diag.Finding {
	return cause.JudgeConfig(siteOf, f)
}

// mapping takes the file of the handoff apart: the folder that the location's
// directive names, and what of the URI stands behind the location's prefix.
// ok is false where no root or alias of a prefix location maps it.
func (s *site) mapping() (folder, rest string, ok bool) {
	h := s.Handoff
	if h == nil || h.FileBy == nil || h.Location == nil {
		return "", "", false
	}
	kind, name := LocationName(h.Location)
	if kind != LocationPrefix && kind != LocationNoRegex && kind != LocationExact {
		return "", "", false
	}
	folder, known := h.Eval(h.FileBy.Arg(0))
	rest, below := strings.CutPrefix(h.URI, name)
	return folder, rest, known && below
}

// wanted is the path in the storage that the handoff means: that of the main
// file.
func (s *site) wanted() string { return s.File.Path }

// opened is the path that nginx opened: the log's, where there is one, or the
// configuration's.
func (s *site) opened() (string, []cause.Event) {
	if e, ok := s.Logged(func(e cause.Event) bool { return e.Opened != "" }); ok {
		return e.Opened, []cause.Event{e}
	}
	switch h := s.Handoff; {
	case h == nil:
		return "", nil
	case len(h.Tried) > 0:
		return h.Tried[0], nil
	}
	return s.Handoff.File, nil
}

// mapped says that a path differs from the storage's in the way that the text
// tells.
func (s *site) mapped(wrong string) string {
	return fmt.Sprintf("For %s nginx opens %s; the file is at %s.", s.Handoff.URI, wrong, s.wanted())
}

// prefix is the handoff's prefix as it is meant, for texts.
func (s *site) prefix() string {
	if spec, ok := s.Spec(); ok && spec.Dialect.Form == sendfile.URI {
		return spec.Prefix
	}
	return path.Dir(s.Value) + "/"
}

// unmapped are the symptoms of a file that is looked for where it is not: nginx's
// 404, or what an error_page or try_files makes of it, which may ask the
// application for the internal URI.
var unmapped = []string{"handoff-not-found", "handoff-wrong-content", "handoff-echoed", "handoff-loop", "proxy-redirects"}

// placeholder matches a positional capture in a value.
var placeholder = regexp.MustCompile(`\$[1-9]`)

// inForce is the finding about the first directive in force where the handoff
// goes that has one of the names and is accepted.
func (s *site) inForce(accept func(*conf.Directive) bool, names ...string) *diag.Finding {
	return s.inForceAt(s.Handoff, accept, names...)
}

// inForceAt is inForce for another route that the answer takes.
func (s *site) inForceAt(t *Route, accept func(*conf.Directive) bool, names ...string) *diag.Finding {
	if t == nil {
		return nil
	}
	for _, d := range t.Effective(names...) {
		if !accept(d) {
			continue
		}
		where := "from where the file is sent"
		if t != s.Handoff {
			where = "through which it passes"
		}
		return s.With(s.Found(d, "%s is in force in %s, %s.", d, blockName(t.Location), where), t)
	}
	return nil
}

// answering are the routes that an answer to the download passes: the one that
// sends the file, then the tiers in front, the one that clients reach last.
func (s *site) answering() []*Route {
	var list []*Route
	if s.Handoff != nil {
		list = append(list, s.Handoff)
	}
	for _, t := range slices.Backward(s.front) {
		list = append(list, t)
	}
	return list
}
