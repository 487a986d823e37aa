package apache

import (
	"fmt"
	"path"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var pathNotAllowed = diag.Rule{
	Doc: diag.Doc{
		Code: "apache-path-not-allowed", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "No XSendFilePath covers the file",
		Text: "mod_xsendfile opens only what lies in a folder that an XSendFilePath of the virtual host names. " +
			"It compares texts: symbolic links are not followed. Everything else is answered 404.",
		Fix: "Name the folder of the files, as the backend writes it, in XSendFilePath.",
		Before: `# X-Sendfile: /srv/media/a.bin
XSendFile On
XSendFilePath /srv/old-media`,
		After: `# X-Sendfile: /srv/media/a.bin
XSendFile On
XSendFilePath /srv/media`,
		Source: "mod_xsendfile documentation, XSendFilePath",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"handoff-not-found"},
	Anyway:   true,
	Judge:    judge(judgePathNotAllowed),
}

func judgePathNotAllowed(s *site) *diag.Finding {
	h := s.Handoff
	if !s.Lost() || h == nil || s.Status() != 404 || !s.Shows("handoff-not-found", "") || !s.ToBackend(s.Download) && !s.runs() ||
		!s.handsOver() {
		return nil
	}
	e, logged := s.Logged(ofSendfile(errAbove))
	file := h.File
	switch {
	case h.Outcome == route.Refused && h.FileBy == nil:
	case s.unknownPath() && (logged || s.readable(s.Value)):
		file = s.Value // one folder is not known: it is another one
	default:
		return nil
	}
	at := nearest(h.XSendFilePaths(), file)
	by, _ := h.XSendFile()
	f := s.Found(cause.First(at, by), "The backend hands over %s, and the virtual host has no XSendFilePath.", file)
	switch edited := h.Deciding(StepHeader); {
	case edited != nil:
		f = s.Found(edited, "The backend hands over %s; %s makes %s of it, which no XSendFilePath covers.", s.Value, edited, file)
	case at != nil:
		f.Detail = fmt.Sprintf("The backend hands over %s, and %s does not cover it.", file, at)
	}
	if f.Fix = "Add the folder of the files to the virtual host: XSendFilePath " + path.Dir(file); h.Deciding(StepHeader) != nil {
		f.Fix = "Let the value that the application writes be, or allow the folder that it is changed to: XSendFilePath " + path.Dir(file)
	}
	if logged {
		return s.With(f, h, e)
	}
	return s.With(f, h)
}

// unknownPath says that it is not known which folder an XSendFilePath names.
func (s *site) unknownPath() bool {
	d := s.Handoff.Deciding(route.StepUnknown)
	return s.Handoff.Outcome == route.Undecided && d != nil && d.Name == "XSendFilePath"
}

// readable says that the server's user may read a file of this machine.
func (s *site) readable(name string) bool {
	may, _ := s.Access(s.worker(), name)
	return s.Here() && may == diag.Yes
}

// nearest is the XSendFilePath that has the longest beginning in common with a
// path, nil where there is none.
func nearest(paths []*conf.Directive, file string) *conf.Directive {
	var best *conf.Directive
	longest := -1
	for _, d := range paths {
		n := 0
		for folder := d.Arg(0); n < len(file) && n < len(folder) && file[n] == folder[n]; n++ {
		}
		n = strings.Count(file[:n], "/")
		if n > longest {
			best, longest = d, n
		}
	}
	return best
}

// folders are the folders that XSendFilePaths name.
func folders(paths []*conf.Directive) []string {
	var list []string
	for _, d := range paths {
		list = append(list, d.Arg(0))
	}
	return list
}
