package nginx

import (
	"path"
	"slices"
	"strings"
)

// globMatch says that a name matches a pattern as glob(3) does, which nginx
// calls without flags: "*" does not match a leading dot, nothing but "/"
// matches "/", and "[!…]" is a negated set.
func globMatch(pattern, name string) bool {
	p, n := strings.Split(pattern, "/"), strings.Split(name, "/")
	return slices.EqualFunc(p, n, matchPart)
}

// matchPart matches one part of a path.
func matchPart(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") {
		return false
	}
	ok, err := path.Match(strings.ReplaceAll(pattern, "[!", "[^"), name)
	return ok && err == nil
}

// hasMeta says that a part of a path is a pattern.
func hasMeta(part string) bool { return strings.ContainsAny(part, `*?[`) }

// globTree finds the names that a pattern matches, in byte order. list returns
// the names in a folder ("" is the working folder), exists whether a name is
// there.
func globTree(pattern string, list func(folder string) []string, exists func(name string) bool) []string {
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
			if !hasMeta(part) {
				next = append(next, joinPart(folder, part))
				continue
			}
			for _, name := range list(folder) {
				if matchPart(part, name) {
					next = append(next, joinPart(folder, name))
				}
			}
		}
		found = next
	}
	found = slices.DeleteFunc(found, func(name string) bool { return !exists(name) })
	slices.Sort(found)
	return found
}

func joinPart(folder, name string) string {
	if folder == "" || strings.HasSuffix(folder, "/") {
		return folder + name
	}
	return folder + "/" + name
}
