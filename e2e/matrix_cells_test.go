package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// section is a table of the page.
type section struct {
	title, about string
	asked        string // the head of the first column
	lines        []line
}

// line is a line of a table.
type line struct {
	what string
	cell func(c column) string
}

func sections() []section {
	return []section{
		{title: "The handoff", asked: "what", lines: []line{
			{"field", of(func(c column, d sendfile.Dialect) string { return "`" + d.Header + "`" })},
			{"its value is", of(func(c column, d sendfile.Dialect) string {
				if d.Form == sendfile.Path {
					return "a path on disk"
				}
				return "a URI of the server"
			})},
			{"for the name `100%?.pdf` write", of(func(c column, d sendfile.Dialect) string {
				value, err := d.Encode("/", "100%?.pdf")
				if err != nil {
					return "cannot be written"
				}
				return "`" + strings.TrimPrefix(value, "/") + "`"
			})},
			{"a missing file that is handed off", func(c column) string { return plainly(c.lost.Exchange(diag.ProxyMissing)) }},
			{"… keeps of the backend's fields", func(c column) string { return kept(c.lost, diag.BackendMissing, diag.ProxyMissing) }},
			{"a handoff that comes with status 403", func(c column) string { return plainly(c.lost.Exchange(diag.ProxyDenied)) }},
			{"the backend's 404 without a handoff", func(c column) string { return errorPassed(c.plain, diag.BackendMissing, diag.ProxyMissing) }},
			{"the backend's 403 without a handoff", func(c column) string { return errorPassed(c.plain, diag.BackendDenied, diag.ProxyDenied) }},
		}},
		{title: "Fields of the backend", asked: "field",
			about: "What becomes of the fields that the backend sends with the handoff.", lines: fieldLines()},
		{title: "HEAD and validators", asked: "request", lines: []line{
			{"`HEAD`", func(c column) string {
				x := c.plain.Exchange(diag.ProxyHead)
				return plainly(x) + ", Content-Length: " + orNone(x.Header.Get("Content-Length"))
			}},
			{"ETag", func(c column) string { return whose(c, "ETag") }},
			{"Last-Modified", func(c column) string { return whose(c, "Last-Modified") }},
			{"Accept-Ranges", func(c column) string { return orNone(c.plain.Exchange(diag.ProxyGet).Header.Get("Accept-Ranges")) }},
			asks("`If-None-Match`: the ETag that came", "proxy-if-none-match"),
			asks("`If-None-Match`: another ETag", "proxy-if-none-match-other"),
			asks("`If-None-Match`: the ETag as a weak one", "proxy-if-none-match-weak"),
			asks("`If-None-Match: *`", "proxy-if-none-match-any"),
			asks("`If-Modified-Since`: the date that came", "proxy-if-modified-since"),
			asks("`If-Modified-Since`: a day before", "proxy-if-modified-since-before"),
			asks("`If-Modified-Since`: a second later", "proxy-if-modified-since-later"),
			asks("another ETag and the date that came", "proxy-if-none-match-other-and-since"),
			asks("`If-None-Match`: the ETag of before the file changed", "proxy-longer-if-none-match"),
			asks("`If-Modified-Since`: the date of before the file changed", "proxy-shorter-if-modified-since"),
		}},
		{title: "Ranges", asked: "request", lines: []line{
			asks("the first byte", "proxy-range-first"), asks("a part in the middle", "proxy-range-middle"),
			asks("the last bytes, `bytes=-N`", "proxy-range-suffix"), asks("from an offset on, `bytes=N-`", "proxy-range-open"),
			asks("more than there is", "proxy-range-too-long"), asks("behind the end", "proxy-range-beyond"),
			asks("two parts", "proxy-range-several"), asks("malformed, `bytes=abc`", "proxy-range-malformed"),
			asks("another unit, `lines=0-9`", "proxy-range-unit"), asks("`If-Range`: the ETag that came", "proxy-if-range"),
			asks("`If-Range`: another ETag", "proxy-if-range-other"),
		}},
		{title: "Content codings", asked: "request", lines: []line{
			asks("`Accept-Encoding: identity`", "proxy-identity"), asks("`Accept-Encoding: gzip`", "proxy-gzip"), asks("`Accept-Encoding: br`", "proxy-brotli"),
			asks("`Accept-Encoding: gzip`, a text file", "proxy-txt"), asks("`Accept-Encoding: gzip`, a page", "proxy-html"),
			asks("an empty file", "proxy-empty"), asks("a file of one byte", "proxy-byte"), asks("a file of a few MiB", "proxy-mibs"),
		}},
		{title: "What nobody should get", asked: "request",
			about: "Asked for by a client itself, without the application.", lines: []line{
				asks("the internal URI", diag.ProxyInternal), asks("… with doubled slashes", diag.ProxyInternal+"-slashes"),
				asks("… with an escaped letter", diag.ProxyInternal+"-escaped"), asks("… in upper case", diag.ProxyInternal+"-case"),
				asks("… off by a slash, `/protected../media/…`", "proxy-traversal-internal"),
				asks("a download, with `X-Sendfile-Type` and `X-Accel-Mapping` of the client's", "proxy-forged"),
				asks("a missing download, with the handoff field of the client's", "proxy-forged-file"),
			}},
		{title: "Names", asked: "a name with", about: "Files whose names hold special characters, handed off rightly.", lines: nameLines()},
	}
}

func of(cell func(column, sendfile.Dialect) string) func(column) string {
	return func(c column) string {
		d, err := sendfile.Lookup(c.kind.Dialect, "")
		if err != nil {
			return err.Error()
		}
		return cell(c, d)
	}
}

// asks is what came back for a probe of the plain run.
func asks(what, id string) line {
	return line{what, func(c column) string { return plainly(c.plain.Exchange(id)) }}
}

// plainly is an answer in a few words.
func plainly(x *diag.Exchange) string {
	switch {
	case x == nil:
		return "—" // there is nothing to ask for
	case !x.Answered():
		return "no answer"
	}
	text := fmt.Sprint(x.Status)
	coding := x.Header.Get("Content-Encoding")
	switch {
	case x.Status == 206 && strings.HasPrefix(x.Header.Get("Content-Type"), "multipart/"):
		text += ", multipart"
	case x.Status == 206:
		text += ", right bytes"
		if x.Parts == nil || x.Parts.Match != compare.Equal {
			text = "206, other bytes"
		}
	case x.Status == 416:
		text += ", Content-Range: " + orNone(x.Header.Get("Content-Range"))
	case coding != "":
		text += ", packed with " + coding
	case x.Body.Match == compare.Equal && x.Body.Length > 0:
		text += ", the whole file"
	case x.Status < 300 && x.Body.Length == 0 && x.Request.Method == "GET":
		text += ", empty"
	}
	return text
}

func orNone(value string) string {
	if value == "" {
		return "none"
	}
	return value
}

// errorPassed says what became of an error page of the backend.
func errorPassed(v *diag.View, backend, proxy string) string {
	if b, p := v.Exchange(backend), v.Exchange(proxy); diag.SameAnswer(b, p) {
		return plainly(p) + ", the backend's page"
	}
	return plainly(v.Exchange(proxy)) + ", a page of its own"
}

// whose says where a validator comes from.
func whose(c column, name string) string {
	text := "none"
	b, p := c.plain.Exchange(diag.BackendGet).Header.Get(name), c.plain.Exchange(diag.ProxyGet).Header.Get(name)
	switch {
	case p == b && p != "":
		text = "the backend's"
	case p != "":
		text = "its own"
	}
	if own := c.bare.Exchange(diag.ProxyGet).Header.Get(name); text == "the backend's" {
		if own == "" {
			return text + ", none where it sends none"
		}
		return text + ", its own where it sends none"
	}
	return text
}

// kept are the names of the backend's fields that are in the proxy's answer.
func kept(v *diag.View, backend, proxy string) string {
	var names []string
	for _, name := range []string{attachment, cacheControl, "Set-Cookie"} {
		if v.Exchange(backend).Header.Has(name) && v.Exchange(proxy).Header.Has(name) {
			names = append(names, name)
		}
	}
	if names == nil {
		return "nothing"
	}
	return strings.Join(names, ", ")
}

// fieldLines are the fields of the backend of the column rich.
func fieldLines() []line {
	names := []string{"Content-Type", attachment, cacheControl}
	for _, f := range sentFields() {
		names = append(names, f[0])
	}
	names = append(names, "Content-Length", "Server")
	var lines []line
	for _, name := range names {
		lines = append(lines, line{"`" + name + "`", func(c column) string {
			b, p := c.rich.Exchange(diag.BackendGet).Header.Values(name), c.rich.Exchange(diag.ProxyGet).Header.Values(name)
			switch {
			case p == nil:
				return "dropped"
			case slices.Equal(b, p):
				return "kept"
			case slices.Contains(p, strings.Join(b, "")):
				return "kept, beside its own"
			}
			return "its own"
		}})
	}
	return lines
}

// nameLines are the special names, by their roles.
func nameLines() []line {
	var lines []line
	for _, n := range []struct{ what, role string }{
		{"a space", "space"}, {"a per cent sign", "percent"}, {"`%20` as text", "escape"}, {"a question mark", "question"}, {"a number sign", "hash"},
		{"a plus sign", "plus"}, {"an ampersand", "ampersand"}, {"an accented letter (NFC)", "accent"}, {"an accented letter (NFD)", "decomposed"},
		{"upper-case letters", "upper"}, {"a dot at its beginning", "dot"}, {"a folder", "folder"}, {"a semicolon and a comma", "semicolon"},
		{"quotes", "quotes"}, {"a backslash", "backslash"}, {"brackets", "brackets"}, {"Chinese characters", "cjk"}, {"an emoji", "emoji"}, {"255 bytes", "long"},
	} {
		lines = append(lines, line{n.what, func(c column) string {
			f := c.plain.Fixture("name-" + n.role)
			d, err := sendfile.Lookup(c.kind.Dialect, "")
			switch x := c.plain.Exchange("proxy-name-" + n.role); {
			case err != nil || f == nil || x == nil:
				return "—"
			case x.Delivers():
				return "arrives"
			default:
				if _, err := d.Encode("/", f.Name); err != nil {
					return "cannot be handed off"
				}
				return plainly(x)
			}
		}})
	}
	return lines
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestMatrixIsWhole: the page names every kind, and no cell of it is a surprise
// that nobody meant.
func TestMatrixIsWhole(t *testing.T) {
	text := readFile(t, matrixPage)
	for _, k := range all.Kinds() {
		if !strings.Contains(text, " "+k.Title+" |") {
			t.Errorf("%s has no column", k.Title)
		}
	}
	for _, bad := range []string{"other bytes", "no answer", "packed with"} {
		if strings.Contains(text, bad) {
			t.Errorf("a healthy server answers %q", bad)
		}
	}
}
