package apache

import (
	"slices"
	"sort"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// line is a line as Apache reads it: what backslashes at the end continue is
// joined, space around it removed (ap_cfg_getline in server/util.c).
type line struct {
	file   string
	number int // of its last line in the file
	orig   string
	breaks []lineBreak
	// text is what is read: orig, with parameters of macros and variables
	// put in. pieces say where in orig its parts come from; nil: text is orig.
	text   string
	pieces []piece
	via    []string        // macros that it comes out of, outermost first
	use    *conf.Directive // the Use that brings it in, nil for none
}

// lineBreak says that the byte off of a joined line stands at that place.
type lineBreak struct{ off, line, column int }

// span is a part of a joined line.
type span struct{ start, end int }

// piece says that text from the byte at on comes from there in orig: byte for
// byte, or all of it from all of there.
type piece struct {
	at    int
	from  span
	plain bool // byte for byte
}

// edit replaces a part of a line's text.
type edit struct {
	start, end int
	with       string
}

// pos is the place of a byte of orig.
func (l *line) pos(off int) conf.Pos {
	i := sort.Search(len(l.breaks), func(i int) bool { return l.breaks[i].off > off })
	b := l.breaks[max(i-1, 0)]
	return conf.Pos{File: l.file, Line: b.line, Column: b.column + off - b.off}
}

// pieceAt is the index of the piece that a byte of text is in.
func (l *line) pieceAt(i int) int {
	return sort.Search(len(l.pieces), func(n int) bool { return l.pieces[n].at > i }) - 1
}

// byteFrom is where in orig a byte of text comes from.
func (l *line) byteFrom(i int) span {
	if l.pieces == nil {
		return span{i, i + 1}
	}
	p := l.pieces[l.pieceAt(i)]
	if p.plain {
		return span{p.from.start + i - p.at, p.from.start + i - p.at + 1}
	}
	return p.from
}

// origin is where in orig a part of text comes from.
func (l *line) origin(start, end int) span {
	if end <= start {
		return span{len(l.orig), len(l.orig)}
	}
	o := l.byteFrom(start)
	o.end = max(o.end, l.byteFrom(end-1).end)
	return o
}

// apply puts edits in, which are in order and do not overlap.
func (l line) apply(edits []edit) line {
	if len(edits) == 0 {
		return l
	}
	var text strings.Builder
	var pieces []piece
	keep := func(start, end int) {
		switch {
		case start == end:
			return
		case l.pieces == nil:
			pieces = append(pieces, piece{text.Len(), span{start, end}, true})
		default:
			for i := l.pieceAt(start); i < len(l.pieces) && l.pieces[i].at < end; i++ {
				p := l.pieces[i]
				if skip := start - p.at; skip > 0 {
					p.at = start
					if p.plain {
						p.from.start += skip
					}
				}
				p.at += text.Len() - start
				pieces = append(pieces, p)
			}
		}
		text.WriteString(l.text[start:end])
	}
	at := 0
	for _, e := range edits {
		keep(at, e.start)
		if e.with != "" {
			pieces = append(pieces, piece{text.Len(), l.origin(e.start, e.end), false})
			text.WriteString(e.with)
		}
		at = e.end
	}
	keep(at, len(l.text))
	l.text, l.pieces = text.String(), pieces
	return l
}

// resolve puts in the values of ${NAME}; what has none stays as it is
// (ap_resolve_env). unknown are the names without a value.
func (l line) resolve(value func(name string) (string, bool)) (r line, unknown []string) {
	var edits []edit
	for at := 0; ; {
		i := strings.Index(l.text[at:], "${")
		if i < 0 {
			return l.apply(edits), unknown
		}
		start := at + i
		n := strings.IndexByte(l.text[start:], '}')
		if n < 0 {
			return l.apply(edits), unknown
		}
		end := start + n + 1
		name := l.text[start+2 : end-1]
		if v, ok := value(name); ok {
			edits = append(edits, edit{start, end, v})
		} else if !strings.Contains(name, ":") {
			unknown = append(unknown, name)
		}
		at = end
	}
}

// source gives lines: those of a file, and in between those of macros in use.
type source struct {
	file   string
	text   string
	off    int
	number int
	queue  []line
}

// next returns the next line that is neither empty nor a comment.
func (s *source) next() (line, bool) {
	for {
		var l line
		if len(s.queue) > 0 {
			l, s.queue = s.queue[0], s.queue[1:]
		} else if s.off >= len(s.text) {
			return line{}, false
		} else {
			l = s.joined()
		}
		if l.text != "" && l.text[0] != '#' {
			return l, true
		}
	}
}

// joined reads a line of the file with what continues it.
func (s *source) joined() line {
	l := line{file: s.file}
	var parts []string
	length := 0
	for {
		s.number++
		start := s.off
		end := len(s.text)
		if i := strings.IndexByte(s.text[start:], '\n'); i >= 0 {
			end = start + i
			s.off = end + 1
		} else {
			s.off = end
		}
		part := s.text[start:end]
		more := false
		if s.off > end { // there is a newline
			if cut := strings.TrimSuffix(part, "\r"); strings.HasSuffix(cut, `\`) {
				part, more = cut[:len(cut)-1], true
			}
		}
		l.breaks = append(l.breaks, lineBreak{off: length, line: s.number, column: 1})
		parts, length = append(parts, part), length+len(part)
		if !more || s.off >= len(s.text) {
			break
		}
	}
	l.orig, l.number = strings.Join(parts, ""), s.number
	return l.trim()
}

// spaces are what isspace(3) says are some.
const spaces = " \t\n\v\f\r"

func (l line) trim() line {
	left := len(l.orig) - len(strings.TrimLeft(l.orig, spaces))
	if left > 0 {
		breaks := slices.Clone(l.breaks)
		for i := range breaks {
			if breaks[i].off >= left {
				breaks[i].off -= left
			} else {
				breaks[i].column += left - breaks[i].off
				breaks[i].off = 0
			}
		}
		// Of the places that fell together the last one holds.
		for len(breaks) > 1 && breaks[1].off == 0 {
			breaks = breaks[1:]
		}
		l.breaks = breaks
	}
	l.orig = strings.TrimRight(l.orig[left:], spaces)
	l.text = l.orig
	return l
}
