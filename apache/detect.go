package apache

import "strings"

// detect says that a text has the shape of Apache's language: it is a dump, or
// most of its lines begin with a directive that is known, or with a section.
func detect(text string) bool {
	if isDump(text) {
		return true
	}
	known, others := 0, 0
	s := &source{text: text}
	for {
		l, ok := s.next()
		if !ok {
			return known > others
		}
		name, _, _, _ := word(l.text, 0)
		if name == "" {
			continue
		}
		_, is := moduleOf(canonical(strings.Trim(name, "</>")))
		if ends := strings.TrimSpace(l.text); is && !strings.HasSuffix(ends, ";") && !strings.HasSuffix(ends, "{") {
			known++
		} else {
			others++
		}
	}
}
