package load

import (
	"path"
	"slices"
	"strings"
)

// Glob finds the names that a pattern matches, in byte order.
func (r *Reader) Glob(pattern string) []string {
	return glob(pattern, func(folder string) []string {
		names, _ := r.Names(folder)
		return names
	}, r.There)
}

// glob finds the names that a pattern matches. list returns the names in a
// folder ("" is the working folder), exists whether a name is there.
func glob(pattern string, list func(folder string) []string, exists func(name string) bool) []string {
	found := []string{""}
	rest := pattern
	if strings.HasPrefix(rest, "/") {
		found, rest = []string{"/"}, strings.TrimLeft(rest, "/")
	}
	parts := strings.Split(rest, "/")
	for i, part := range parts {
		if part == "" && i < len(parts)-1 {
			continue
		}
		var next []string
		for _, folder := range found {
			if !HasMeta(part) {
				next = append(next, Join(folder, part))
				continue
			}
			for _, name := range list(folder) {
				if Match(part, name) {
					next = append(next, Join(folder, name))
				}
			}
		}
		found = next
	}
	found = slices.DeleteFunc(found, func(name string) bool { return !exists(name) })
	slices.Sort(found)
	return found
}

// GlobMatch says that a name matches a pattern as glob(3) does without flags:
// nothing but "/" matches "/".
func GlobMatch(pattern, name string) bool {
	p, n := strings.Split(pattern, "/"), strings.Split(name, "/")
	return slices.EqualFunc(p, n, Match)
}

// Match matches one part of a path as glob(3) does without flags: "*" does not
// match a leading dot, and "[!…]" is a negated set.
func Match(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") {
		return false
	}
	ok, err := path.Match(strings.ReplaceAll(pattern, "[!", "[^"), name)
	return ok && err == nil
}

// HasMeta says that a name, or a part of one, is a pattern.
func HasMeta(name string) bool { return strings.ContainsAny(name, `*?[`) }
