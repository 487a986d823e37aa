package nginx

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/pcre"
)

// refused says what nginx finds wrong with a directive whose form is right, as
// far as that shows from what stands before it: it is in the wrong block, there
// twice, or an argument makes no sense. Reading goes on behind it. Source:
// ngx_conf_handler and the functions that it calls for each directive; every
// message was seen from `nginx -t`.
func (p *parser) refused(d *conf.Directive) *conf.Problem {
	in, message := contextOf(d.Parent), ""
	switch {
	case in == 0 && d.Parent.Name == "map" && strings.HasPrefix(d.Name, "~"):
		message = wrongPattern(strings.TrimPrefix(d.Name[1:], "*"))
	case in == 0:
		return nil
	case d.Name != "" && d.Name[0] >= '0' && d.Name[0] <= '9':
		message = fmt.Sprintf(`unknown directive "%s"`, d.Name)
		if strings.Contains(d.Name, "}") {
			message += ": a regular expression with { } must stand in quotes"
		}
	case in == blockTop && p.main && contexts[d.Name] != 0:
		message = fmt.Sprintf(`"%s" directive is not allowed here, outside of http { }`, d.Name)
	case misplaced(d, in):
		message = fmt.Sprintf(`"%s" directive is not allowed here, within %s`, d.Name, blockName(d.Parent))
	default:
		if message = twice(d); message == "" {
			message = wrongArgument(d, in)
		}
	}
	if message == "" {
		return nil
	}
	return &conf.Problem{Pos: d.Pos, Kind: conf.Syntax, Message: message}
}

// blocks are kinds of block: bits, so that a set of them is one, too.
type blocks uint

const (
	blockHTTP blocks = 1 << iota
	blockServer
	blockLocation
	blockServerIf
	blockLocationIf
	blockLimit
	blockUpstream
	blockTop
)

// contextOf is the context of what stands in a block; 0 for blocks of other
// kinds, in which names mean something else.
func contextOf(block *conf.Directive) blocks {
	if block == nil {
		return 0
	}
	switch block.Name {
	case "":
		return blockTop
	case "http":
		return blockHTTP
	case "server":
		if block.Parent != nil && (block.Parent.Name == "http" || block.Parent.Name == "") {
			return blockServer
		}
	case "location":
		return blockLocation
	case "limit_except":
		return blockLimit
	case "upstream":
		return blockUpstream
	case "if":
		switch contextOf(block.Parent) {
		case blockServer:
			return blockServerIf
		case blockLocation:
			return blockLocationIf
		}
	}
	return 0
}

// contexts are where directives may stand: those that decide a download.
// Source: the "Context" lines of https://nginx.org/en/docs/dirindex.html.
var contexts = map[string]blocks{
	"server": blockHTTP | blockUpstream, "upstream": blockHTTP, "map": blockHTTP, "geo": blockHTTP, "split_clients": blockHTTP,
	"location": blockServer | blockLocation, "limit_except": blockLocation, "if": blockServer | blockLocation,
	"listen": blockServer, "server_name": blockServer,
	"root": blockHTTP | blockServer | blockLocation | blockLocationIf, "alias": blockLocation, "internal": blockLocation,
	"try_files": blockServer | blockLocation, "error_page": blockHTTP | blockServer | blockLocation | blockLocationIf,
	"rewrite": blockServer | blockLocation | blockServerIf | blockLocationIf, "return": blockServer | blockLocation | blockServerIf | blockLocationIf,
	"set": blockServer | blockLocation | blockServerIf | blockLocationIf, "break": blockServer | blockLocation | blockServerIf | blockLocationIf,
	"proxy_pass": blockLocation | blockLocationIf | blockLimit, "fastcgi_pass": blockLocation | blockLocationIf,
	"auth_request": blockHTTP | blockServer | blockLocation,
}

// misplaced says that a directive may not stand in its block. What a file
// begins with is not judged: it may be included anywhere, within stream { },
// too, which has directives of the same names.
func misplaced(d *conf.Directive, in blocks) bool {
	allowed, known := contexts[d.Name]
	if !known || in == blockTop || allowed&in != 0 {
		return false
	}
	outermost := d.Parent
	for outermost.Parent != nil && outermost.Parent.Name != "" {
		outermost = outermost.Parent
	}
	return outermost.Name == "http" || d.Name != "proxy_pass"
}

// once are directives that nginx takes but once in a block.
var once = []string{
	"root", "alias", "internal", "proxy_pass", "fastcgi_pass", "autoindex", "satisfy", "auth_basic", "auth_basic_user_file",
	"auth_request", "try_files", "limit_except", "expires", "etag", "max_ranges", "gzip", "sendfile", "open_file_cache",
	"disable_symlinks", "default_type", "client_max_body_size", "proxy_buffering", "proxy_cache", "proxy_cache_key",
	"proxy_http_version", "proxy_read_timeout", "proxy_intercept_errors", "keepalive_timeout", "resolver", "limit_rate",
}

// twice says that a directive has been there before, in a block that is written
// as one. The files of a folder are not one block.
func twice(d *conf.Directive) string {
	if d.Parent.Pos.Line == 0 || !slices.Contains(once, d.Name) {
		return ""
	}
	for _, before := range d.Parent.Block {
		switch {
		case before == d:
			return ""
		case before.Name == d.Name:
			return fmt.Sprintf(`"%s" directive is duplicate: it stands in line %d, too`, d.Name, before.Pos.Line)
		case before.Name == "alias" && d.Name == "root" || before.Name == "root" && d.Name == "alias":
			return fmt.Sprintf(`"%s" directive is duplicate: "%s" was specified earlier, in line %d`, d.Name, before.Name, before.Pos.Line)
		}
	}
	return ""
}

// wrongArgument says what is wrong with an argument.
func wrongArgument(d *conf.Directive, in blocks) string {
	switch d.Name {
	case "listen":
		for _, a := range d.Args[1:] {
			if _, known := arities[a.Text]; known {
				return fmt.Sprintf(`invalid parameter "%s" of "listen": a ";" may be missing before it in line %d`, a.Text, a.Pos.Line)
			}
		}
	case "location":
		return wrongLocation(d)
	case "if":
		return wrongCondition(d)
	case "rewrite", "fastcgi_split_path_info":
		return wrongPattern(d.Arg(0))
	case "server_name":
		for _, a := range d.Args {
			if text, ok := strings.CutPrefix(a.Text, "~"); ok && wrongPattern(text) != "" {
				return wrongPattern(text)
			}
		}
	case "proxy_pass":
		return wrongPass(d, in)
	}
	return ""
}

// wrongLocation is ngx_http_core_location.
func wrongLocation(d *conf.Directive) string {
	kind, name := LocationName(d)
	regex := kind == LocationRegex || kind == LocationNoCase
	if regex && wrongPattern(name) != "" {
		return wrongPattern(name)
	}
	if d.Parent.Name != "location" {
		return ""
	}
	outer, within := LocationName(d.Parent)
	switch {
	case outer == LocationExact:
		return fmt.Sprintf(`location "%s" cannot be inside the exact location "%s"`, name, within)
	case outer == LocationNamed:
		return fmt.Sprintf(`location "%s" cannot be inside the named location "%s"`, name, within)
	case kind == LocationNamed:
		return fmt.Sprintf(`named location "%s" can be on the server level only`, name)
	case !regex && !strings.HasPrefix(name, within):
		return fmt.Sprintf(`location "%s" is outside location "%s"`, name, within)
	}
	return ""
}

// wrongPass is ngx_http_proxy_pass: an address without variables may have a URI
// only where it replaces a prefix.
func wrongPass(d *conf.Directive, in blocks) string {
	_, rest, ok := strings.Cut(d.Arg(0), "://")
	if path, unix := strings.CutPrefix(rest, "unix:"); unix {
		_, rest, _ = strings.Cut(path, ":")
	}
	if !ok || strings.Contains(d.Arg(0), "$") || !strings.ContainsAny(rest, "/?") {
		return ""
	}
	why := ""
	switch kind, _ := LocationName(d.Parent); {
	case in == blockLocationIf:
		why = `inside an "if" block`
	case in == blockLimit:
		why = `inside a "limit_except" block`
	case in != blockLocation:
	case kind == LocationRegex || kind == LocationNoCase:
		why = "in a location given by a regular expression"
	case kind == LocationNamed:
		why = "in a named location"
	}
	if why == "" {
		return ""
	}
	return `"proxy_pass" cannot have a URI part ` + why
}

// wrongCondition is ngx_http_rewrite_if_condition.
func wrongCondition(d *conf.Directive) string {
	words := d.Texts(0)
	invalid := func(word string) string { return fmt.Sprintf(`invalid condition "%s"`, word) }
	end := len(words) - 1
	if !strings.HasPrefix(words[0], "(") {
		return invalid(words[0])
	}
	if words[0] = words[0][1:]; words[0] == "" && end > 0 {
		words, end = words[1:], end-1
	}
	if !strings.HasSuffix(words[end], ")") {
		return invalid(words[end]) + `: a ")" is missing`
	}
	if words[end] = strings.TrimSuffix(words[end], ")"); words[end] == "" && end > 0 {
		words = words[:end]
	}
	switch first := words[0]; {
	case len(first) > 1 && first[0] == '$':
		if len(words) != 1 && len(words) != 3 {
			return invalid(first)
		}
		if len(words) == 1 {
			return ""
		}
		switch words[1] {
		case "=", "!=":
			return ""
		case "~", "~*", "!~", "!~*":
			return wrongPattern(words[2])
		}
		return fmt.Sprintf(`unexpected "%s" in condition`, words[1])
	case len(words) == 2 && fileTests.MatchString(first):
		return ""
	default:
		return invalid(first)
	}
}

var fileTests = regexp.MustCompile(`^!?-[fdex]$`)

// wrongPattern says that a regular expression is not well formed: a group or a
// class is not closed, or closed where none is open. Of what else PCRE refuses
// nothing is said.
func wrongPattern(text string) string {
	if strings.Contains(text, "(?#") || extended.MatchString(text) {
		return "" // with comments, in which nothing counts
	}
	depth := 0
	wrong := func(what string) string {
		return fmt.Sprintf(`the regular expression "%s" does not compile: %s`, text, what)
	}
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			if i+1 == len(text) {
				return wrong(`"\" at its end`)
			}
			if text[i+1] == 'Q' {
				n := strings.Index(text[i:], `\E`)
				if n < 0 {
					return ""
				}
				i += n
			}
			i++
		case '[':
			n, closed := pcre.Class(text[i:])
			if !closed {
				return wrong(`a "]" is missing`)
			}
			i += n - 1
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				return wrong(`a ")" without a "("`)
			}
		}
	}
	if depth > 0 {
		return wrong(`a ")" is missing`)
	}
	return ""
}

// extended matches options that allow comments in a pattern.
var extended = regexp.MustCompile(`\(\?[a-wyz]*x`)

// doubtful says what nginx takes and what hardly means what is written: the
// next directive stands among the arguments, for a ";" is missing.
func doubtful(d *conf.Directive) *conf.Problem {
	a, ok := arities[d.Name]
	if !ok || a.most != many || contextOf(d.Parent) == 0 {
		return nil
	}
	line := d.Pos.Line
	for i, w := range d.Args {
		next, known := arities[w.Text]
		if rest := len(d.Args) - i - 1; known && i >= a.least && w.Pos.Line > line && rest >= max(next.least, 1) && rest <= next.most {
			return &conf.Problem{Pos: w.Pos, Kind: conf.Doubtful,
				Message: fmt.Sprintf(`"%s" is taken for an argument of "%s" in line %d: a ";" may be missing before it`, w.Text, d.Name, d.Pos.Line)}
		}
		line = w.Pos.Line + strings.Count(w.Raw, "\n")
	}
	return nil
}

// sameLocations are the locations of a block that have the name of one before
// them (ngx_http_create_locations_tree).
func sameLocations(block *conf.Directive) []conf.Problem {
	var list []conf.Problem
	first := map[string]*conf.Directive{}
	for _, l := range block.All("location") {
		kind, name := LocationName(l)
		switch kind {
		case LocationExact:
			name = "= " + name
		case LocationPrefix, LocationNoRegex:
		default:
			continue
		}
		if before := first[name]; before != nil {
			list = append(list, conf.Problem{Pos: l.Pos, Kind: conf.Syntax, Message: fmt.Sprintf(`duplicate location "%s": it stands at %s, too`, name, before.Pos)})
			continue
		}
		first[name] = l
	}
	return list
}
