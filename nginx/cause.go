package nginx

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// Rules are the causes that nginx's configuration and log show, and what is
// wrong with a configuration whatever is asked.
func rules() []diag.Rule {
	return []diag.Rule{
		serverNameMismatch, downloadLocationInternal, upstreamUnreachable, noResolver, headerTooBig, proxyPassRewritesPath,
		accelIgnored, serverRewrite, namedLocationMissing, redirectCycle, regexShadowsInternal, noInternalLocation,
		accessDenied, placeholderCapture, regexAliasNoCapture, aliasSlash, rootForAlias, noRoot,
		permissionDenied, symlinkRefused, wrongDirectory, mountNotShared, fallbackPage,

		cachedHandoff, internalMissing, cacheControlOverridden, duplicateHeader, gzipDownload, rangesDisabled, bodyFilter, openFileCache,
		errorPageMasks, tempFile, errorKeepsHeaders, addHeaderLost, dotfileRule,

		publicTwin, offBySlash, aliasTooWide, openUpstream, cacheUserLeak,
	}
}

// Certainties of a cause: the configuration says so, and the log does too.
const (
	configured = 1
	proven     = 2
)

// judge makes a rule's function of one that looks at a site.
func judge(f func(*site) *diag.Finding) func(*diag.View) []diag.Finding {
	return func(v *diag.View) []diag.Finding {
		s := siteOf(v)
		if s == nil || s.file == nil {
			return nil
		}
		if found := f(s); found != nil {
			return []diag.Finding{*found}
		}
		return nil
	}
}

// judgeConfig is judge for rules that look at the configuration, with or
// without a run.
func judgeConfig(f func(*site) []diag.Finding) func(*diag.View) []diag.Finding {
	return func(v *diag.View) []diag.Finding {
		if s := siteOf(v); s != nil {
			return f(s)
		}
		return nil
	}
}

// found is a cause at a directive.
func found(at *conf.Directive, format string, args ...any) *diag.Finding {
	f := &diag.Finding{Detail: fmt.Sprintf(format, args...), Location: place(at), Certainty: configured}
	if at != nil {
		f.Evidence = append(f.Evidence, quote("the directive", at))
	}
	return f
}

// with adds the wire, the way through the configuration, and the log.
func (s *site) with(f *diag.Finding, t *Route, events ...event) *diag.Finding {
	f.Evidence = append(f.Evidence, diag.Evidence{Kind: diag.EvidenceConfig, Text: "the way through the configuration: " + chain(t)})
	for _, e := range events {
		f.Evidence = append(f.Evidence, s.line(e))
		f.Certainty = proven
	}
	return f
}

// chain writes the steps of a route in one line.
func chain(t *Route) string {
	var steps []string
	for _, step := range t.Steps {
		text := step.Text
		if step.Directive != nil && step.Directive.Pos.Line > 0 {
			text = fmt.Sprintf("%s (line %d)", text, step.Directive.Pos.Line)
		}
		steps = append(steps, text)
	}
	return strings.Join(steps, " → ")
}

// mapping takes the file of the handoff apart: the folder that the location's
// directive names, and what of the URI stands behind the location's prefix.
// ok is false where no root or alias of a prefix location maps it.
func (s *site) mapping() (folder, rest string, ok bool) {
	h := s.handoff
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
func (s *site) wanted() string { return s.file.Path }

// opened is the path that nginx opened: the log's, where there is one, or the
// configuration's.
func (s *site) opened() (string, []event) {
	if e, ok := s.logged(func(e event) bool { return e.Opened != "" }); ok {
		return e.Opened, []event{e}
	}
	switch h := s.handoff; {
	case h == nil:
		return "", nil
	case len(h.Tried) > 0:
		return h.Tried[0], nil
	}
	return s.handoff.File, nil
}

// mapped says that a path differs from the storage's in the way that the text
// tells.
func (s *site) mapped(wrong string) string {
	return fmt.Sprintf("For %s nginx opens %s; the file is at %s.", s.handoff.URI, wrong, s.wanted())
}

// prefix is the handoff's prefix as it is meant, for texts.
func (s *site) prefix() string {
	if spec, ok := s.Spec(); ok && spec.Dialect.Form == sendfile.URI {
		return spec.Prefix
	}
	return path.Dir(s.value) + "/"
}

// placeholder matches a positional capture in a value.
var placeholder = regexp.MustCompile(`\$[1-9]`)

// inForce is the finding about the first directive in force where the handoff
// goes that has one of the names and is accepted.
func (s *site) inForce(accept func(*conf.Directive) bool, names ...string) *diag.Finding {
	if s.handoff == nil {
		return nil
	}
	for _, d := range s.handoff.Effective(names...) {
		if accept(d) {
			return s.with(found(d, "%s is in force in %s, from where the file is sent.", d, blockName(s.handoff.Location)), s.handoff)
		}
	}
	return nil
}
