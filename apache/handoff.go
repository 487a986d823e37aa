package apache

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// handoffField is the field that mod_xsendfile acts on.
const handoffField = "X-Sendfile"

// Handoff follows what mod_xsendfile 0.12 makes of an answer: whether it acts
// on it, which file it opens, and whether an XSendFilePath allows that
// (mod_xsendfile.c, ap_xsendfile_output_filter). from is the route whose
// upstream or handler answered. The outcome is a File, Refused (404), or
// Ignored.
func (r *Router) Handoff(from *Route, h route.Handoff) *Route {
	c := *from.state
	s := &c
	s.r = r
	s.done = false
	s.out = Route{Route: from.On(), Handler: from.Handler, Htaccess: from.Htaccess}
	s.out.Upstream = from.Upstream
	if s.enabled(h, from) {
		if value := s.handedOver(h.Value); !s.done {
			s.open(value)
		}
	}
	return s.result()
}

// XSendFile returns the directive that says whether the route's answers may
// hand over, nil for none, and what it says. One in a section in force
// overrides those of the virtual host, which override those of the main server.
func (t *Route) XSendFile() (by *conf.Directive, on bool) { return t.state.xsendfile() }

func (s *state) xsendfile() (by *conf.Directive, on bool) {
	for _, d := range s.effective("XSendFile") {
		by = d
	}
	return by, by != nil && strings.EqualFold(by.Arg(0), "on")
}

// XSendFilePaths returns the folders that the route's answers may hand over
// from: every XSendFilePath of its virtual host, whatever section it stands in,
// then every one of the main server.
func (t *Route) XSendFilePaths() []*conf.Directive { return t.state.paths() }

func (s *state) paths() (found []*conf.Directive) {
	blocks := s.servers()
	slices.Reverse(blocks)
	for _, b := range blocks {
		b.Walk(func(d *conf.Directive) bool {
			if d.Name == "XSendFilePath" {
				found = append(found, d)
			}
			return d == b || d.Name != "VirtualHost"
		})
	}
	return found
}

// enabled says that mod_xsendfile looks at the answer.
func (s *state) enabled(h route.Handoff, from *Route) bool {
	ignored := func(d *conf.Directive, why string) bool {
		s.step(route.StepHandoff, d, "%s: the answer is passed on as it is", why)
		s.end(route.Ignored, 0, "")
		return false
	}
	by, on := s.xsendfile()
	loaded, known := s.r.conf.Loaded("mod_xsendfile.c")
	switch {
	case h.Status != 0 && h.Status != http.StatusOK:
		return ignored(nil, "mod_xsendfile acts on the status 200 alone")
	case from.Outcome == route.File && from.Handler == "":
		return ignored(nil, "a file that Apache delivers by itself hands nothing over")
	case known && !loaded:
		return ignored(nil, "mod_xsendfile is not loaded")
	case by == nil:
		return ignored(nil, "XSendFile is not switched on here")
	case s.unset(by):
		return false
	case !on:
		return ignored(by, "XSendFile is off here")
	}
	s.step(route.StepHandoff, by, "%s is looked at", handoffField)
	return true
}

// handedOver is the value after what Header does to it.
func (s *state) handedOver(value string) string {
	there := true
	for _, d := range s.effective("Header") {
		words := d.Texts(0)
		if len(words) > 0 && (strings.EqualFold(words[0], "always") || strings.EqualFold(words[0], "onsuccess")) {
			if strings.EqualFold(words[0], "always") {
				continue // another table, which an upstream's fields are not in
			}
			words = words[1:]
		}
		if len(words) < 2 || !strings.EqualFold(strings.TrimSuffix(words[1], ":"), handoffField) {
			continue
		}
		action, args := strings.ToLower(words[0]), words[2:]
		need := map[string]int{"set": 1, "append": 1, "merge": 1, "add": 1, "setifempty": 1, "edit": 2, "edit*": 2}[action]
		if len(args) > need {
			switch s.headerCondition(args[need]) {
			case unknown:
				s.undecided(d, "whether its condition holds is not known")
				return ""
			case no:
				continue
			}
			args = args[:need]
		}
		if len(args) < need || s.unset(d) {
			continue
		}
		before := value
		switch action {
		case "unset":
			there = false
		case "set":
			if value, there = args[0], true; strings.Contains(value, "%") {
				s.undecided(d, "the value is put together from variables of the request")
				return ""
			}
		case "setifempty":
			if !there {
				value, there = args[0], true
			}
		case "append", "merge", "add":
			s.undecided(d, "a second value is added")
			return ""
		case "edit", "edit*":
			re, err := regexp.Compile(args[0])
			if err != nil {
				s.undecided(d, "what the regular expression %q matches is not known here", args[0])
				return ""
			}
			once := false
			value = re.ReplaceAllStringFunc(value, func(m string) string {
				if once && action == "edit" {
					return m
				}
				once = true
				return substitute(args[1], re.FindStringSubmatch(m))
			})
		default:
			continue
		}
		if !there {
			s.step(StepHeader, d, "takes %s out before it is looked at", handoffField)
		} else if value != before {
			s.step(StepHeader, d, "makes it %q", value)
		}
	}
	if !there || value == "" {
		s.step(route.StepHandoff, nil, "no %s is left: nothing is handed over", handoffField)
		s.end(route.Ignored, 0, "")
	}
	return value
}

// headerCondition is what stands behind a Header directive: early, env=NAME or
// expr=… (mod_headers documentation, Header).
func (s *state) headerCondition(text string) truth {
	if strings.EqualFold(text, "early") {
		return no // it acts before the backend answers
	}
	if expr, ok := strings.CutPrefix(text, "expr="); ok {
		return s.expr(expr)
	}
	if name, ok := strings.CutPrefix(text, "env="); ok {
		name, not := strings.CutPrefix(name, "!")
		if _, set := s.env.value[name]; set {
			return known(!not)
		}
	}
	return unknown
}

// open finds the file of a value.
func (s *state) open(value string) {
	var file string
	var by *conf.Directive
	found := false
	// The folder of what the request is itself comes first: it serves relative
	// values, and for an upstream it is no folder at all.
	own := s.filename
	if i := strings.LastIndexByte(own, '/'); i >= 0 {
		own = own[:i+1]
	}
	if p, ok := mergePath(own, value); ok {
		file, found = p, true
	}
	for _, d := range s.paths() {
		if found {
			break
		}
		if s.unset(d) {
			return
		}
		if p, ok := mergePath(d.Arg(0), value); ok {
			file, by, found = p, d, true
		}
	}
	if !found {
		s.step(route.StepHandoff, nil, "no XSendFilePath covers %s", value)
		s.out.File = value
		s.end(route.Refused, http.StatusNotFound, "")
		return
	}
	s.out.File, s.out.FileBy = file, by
	switch kind := s.r.file(file); {
	case strings.HasPrefix(file, "proxy:"):
		s.step(route.StepHandoff, nil, "%q does not begin with a slash: behind the upstream's URL it is no file", value)
		s.end(route.Refused, http.StatusNotFound, "")
	case kind == route.FileMissing, kind == route.FileFolder:
		s.step(route.StepHandoff, by, "%s is no file", file)
		s.end(route.Refused, http.StatusNotFound, "")
	default:
		s.step(route.StepHandoff, by, "%s is opened", file)
		s.end(route.File, 0, "")
	}
}

// mergePath puts a path behind a folder and says whether it stays in it, by
// comparing texts (apr_filepath_merge with APR_FILEPATH_NOTABOVEROOT).
func mergePath(root, add string) (merged string, ok bool) {
	kept := 0
	merged = root
	if strings.HasPrefix(add, "/") {
		merged = "/"
		add = strings.TrimLeft(add, "/")
	} else {
		kept = len(root)
		if root != "" && !strings.HasSuffix(root, "/") {
			merged += "/"
		}
	}
	for add != "" {
		part, rest, more := strings.Cut(add, "/")
		add = rest
		switch {
		case part == "" || part == ".":
		case part == "..":
			if merged == "/" || merged == "" || strings.HasSuffix(merged, "../") {
				return "", false
			}
			merged = strings.TrimSuffix(merged, "/")
			merged = merged[:strings.LastIndexByte(merged, '/')+1]
			kept = min(kept, len(merged))
		default:
			merged += part
			if more {
				merged += "/"
			}
		}
	}
	if kept >= len(root) && root != "" {
		return merged, true
	}
	if !strings.HasPrefix(merged, root) {
		return "", false
	}
	if root != "" && !strings.HasSuffix(root, "/") && len(merged) > len(root) && merged[len(root)] != '/' {
		return "", false
	}
	return merged, true
}
