package lighttpd

import (
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// glob reads what an include names: a file, or all files that match a pattern,
// in byte order. A pattern may match nothing. Names are relative to the main
// file's folder, but for ./ and ../ (config_parse_file in configfile.c).
func (p *parser) glob(d *conf.Directive, name string) {
	full := name
	if !strings.HasPrefix(name, "/") && !strings.HasPrefix(name, "./") && !strings.HasPrefix(name, "../") {
		full = joinPart(p.folder, name)
	}
	var names []string
	for _, pattern := range braces(full, 0) {
		names = append(names, p.matching(pattern)...)
	}
	if len(names) == 0 && !strings.ContainsAny(full, "*?[]{}") {
		p.problem(d.Pos, conf.Missing, "%q is not there", full)
		return
	}
	for _, n := range names {
		if p.stop {
			return
		}
		if _, isFolder := p.files.list(n); isFolder {
			p.fail(d.Pos, "%q is a folder", n)
			return
		}
		p.file(n, d)
	}
}

// matching are the names that are there and match a pattern, sorted.
func (p *parser) matching(pattern string) []string {
	found := []string{""}
	rest := pattern
	if strings.HasPrefix(rest, "/") {
		found, rest = []string{"/"}, strings.TrimLeft(rest, "/")
	}
	parts := strings.Split(rest, "/")
	for i, part := range parts {
		last := i == len(parts)-1
		if part == "" && !last {
			continue
		}
		var next []string
		for _, folder := range found {
			if !strings.ContainsAny(part, "*?[") {
				next = append(next, joinPart(folder, part))
				continue
			}
			names, _ := p.files.list(folder)
			for _, name := range names {
				if matchPart(part, name) {
					next = append(next, joinPart(folder, name))
				}
			}
		}
		found = next
	}
	slices.Sort(found)
	return slices.DeleteFunc(found, func(name string) bool {
		if strings.ContainsAny(pattern, "*?[") && !strings.ContainsAny(parts[len(parts)-1], "*?[") || !strings.ContainsAny(pattern, "*?[") {
			_, there := p.files.read(name)
			_, folder := p.files.list(name)
			return !there && !folder
		}
		return false
	})
}

// matchPart matches one part of a path as glob(3) does.
func matchPart(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") {
		return false
	}
	ok, err := path.Match(strings.ReplaceAll(pattern, "[!", "[^"), name)
	return ok && err == nil
}

func joinPart(folder, name string) string {
	if folder == "" || strings.HasSuffix(folder, "/") {
		return folder + name
	}
	return folder + "/" + name
}

// maxBraces is how many alternatives of a pattern are looked at.
const maxBraces = 1000

// braces expands {a,b} (GLOB_BRACE): each alternative is matched by itself.
func braces(pattern string, depth int) []string {
	open := strings.IndexByte(pattern, '{')
	if open < 0 || depth > 8 || strings.HasPrefix(pattern[open:], "{}") {
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
			parts = append(parts, pattern[start:i])
			var out []string
			for _, part := range parts {
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
