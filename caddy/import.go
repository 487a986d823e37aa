package caddy

import (
	"regexp"
	"strconv"
	"strings"
)

// argument matches what stands for arguments of an import: {args.0}, and from
// Caddy 2.7 on {args[0]}, {args[1:3]}, {args[:]}.
var argument = regexp.MustCompile(`\{args(?:\.(\d+)|\[(\d*)(:?)(\d*)\]|\.\*)\}`)

// pass puts the arguments of an import into the words that it brings in. One
// that was not given stays as it is written.
func pass(words, args []word, by *imported) []word {
	if len(args) == 0 {
		return words
	}
	var out []word
	for _, w := range words {
		if w.is != nil || !strings.Contains(w.text, "{args") {
			out = append(out, w)
			continue
		}
		if m := argument.FindStringSubmatch(w.text); m != nil && m[0] == w.text && m[3] == ":" {
			from, to := between(m[2], m[4], len(args))
			for i, a := range args[from:to] {
				filled := w
				filled.text, filled.passed, filled.by = a.text, &a.token, by
				filled.first = w.first && i == 0
				out = append(out, filled)
			}
			continue
		}
		w.text = argument.ReplaceAllStringFunc(w.text, func(found string) string {
			m := argument.FindStringSubmatch(found)
			n, err := strconv.Atoi(m[1] + m[2])
			if err != nil || m[3] == ":" || n >= len(args) {
				return found
			}
			w.passed, w.by = &args[n].token, by
			return args[n].text
		})
		out = append(out, w)
	}
	return out
}

// brings is how many words, and at most how many bytes, an import comes to,
// before they are made: a snippet can double what it is given, and so can the
// next one.
func brings(words, block, args []word) (tokens, bytes int) {
	longest, given, inBlock := 0, 0, 0
	for _, a := range args {
		longest, given = max(longest, len(a.text)), given+len(a.text)
	}
	for _, b := range block {
		inBlock += len(b.text)
	}
	for _, w := range words {
		switch n := strings.Count(w.text, "{args"); {
		case w.text == "{block}":
			tokens, bytes = tokens+len(block), bytes+inBlock
			for _, b := range block {
				n += strings.Count(b.text, "{args")
			}
			tokens, bytes = tokens+n*len(args), bytes+n*given
		case n > 0:
			tokens, bytes = tokens+1+strings.Count(w.text, ":")*len(args), bytes+len(w.text)+n*max(longest, given)
		default:
			tokens, bytes = tokens+1, bytes+len(w.text)
		}
	}
	return tokens + 1, bytes
}

// between are the bounds of {args[FROM:TO]}.
func between(from, to string, count int) (begin, end int) {
	end = count
	if n, err := strconv.Atoi(to); err == nil {
		end = min(n, count)
	}
	if n, err := strconv.Atoi(from); err == nil {
		begin = min(n, end)
	}
	return begin, end
}

// passBlock puts the block of an import into the place of {block}.
func passBlock(words, block []word) []word {
	var out []word
	for _, w := range words {
		if w.is == nil && w.text == "{block}" && !w.quoted {
			out = append(out, block...)
			continue
		}
		out = append(out, w)
	}
	return out
}
