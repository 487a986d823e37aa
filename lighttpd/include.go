package lighttpd

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// glob reads what an include names: a file, or all files that match a pattern,
// in byte order. A pattern may match nothing. Names are relative to the main
// file's folder, but for ./ and ../ (config_parse_file in configfile.c).
func (p *parser) glob(d *conf.Directive, name string) {
	full := name
	if !strings.HasPrefix(name, "/") && !strings.HasPrefix(name, "./") && !strings.HasPrefix(name, "../") {
		full = load.Join(p.folder, name)
	}
	if !strings.ContainsAny(full, "*?[]{}") {
		p.file(full, d)
		return
	}
	for _, pattern := range braces(full, 0) {
		names := []string{pattern}
		if load.HasMeta(pattern) {
			names = p.files.Glob(pattern)
		} else if _, there := p.files.Read(pattern); !there {
			continue
		}
		for _, n := range names {
			if p.stop {
				return
			}
			p.file(n, d)
		}
	}
}

// maxBraces is how many alternatives of a pattern are looked at, and how many
// braces stand within each other.
const (
	maxBraces     = 1000
	maxBraceDepth = 8
)

// braces expands {a,b} (GLOB_BRACE): each alternative is matched by itself.
func braces(pattern string, depth int) []string {
	open := strings.IndexByte(pattern, '{')
	if open < 0 || depth > maxBraceDepth || strings.HasPrefix(pattern[open:], "{}") {
		return []string{pattern}
	}
	level, start := 0, open+1
	var parts []string
	for i := open; i < len(pattern); i++ {
		switch pattern[i] {
		case '{':
			level++
		case ',':
			if level == 1 {
				parts, start = append(parts, pattern[start:i]), i+1
			}
		case '}':
			if level--; level > 0 {
				continue
			}
			var out []string
			for _, part := range append(parts, pattern[start:i]) {
				out = append(out, braces(pattern[:open]+part+pattern[i+1:], depth+1)...)
				if len(out) > maxBraces {
					return out[:maxBraces]
				}
			}
			return out
		}
	}
	return []string{pattern}
}
