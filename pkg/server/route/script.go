package route

import (
	"path"
	"slices"
	"strings"
)

// Scripts are the files that a server wants to see before it hands a request
// for a URI to an application, which is not there itself: none where it does so
// anyway, or does not with them either. follow is the way of the request on a
// machine with these files.
func Scripts(uri string, follow func(files func(string) FileKind) Outcome) []string {
	if follow(func(string) FileKind { return FileMissing }) == Proxied {
		return nil
	}
	before, _, _ := strings.Cut(uri, "?")
	segments := strings.Split(before, "/")
	var seen []string
	outcome := follow(func(file string) FileKind {
		base := path.Base(file)
		if !strings.Contains(base, ".") || !slices.Contains(segments, base) {
			return FileMissing
		}
		if !slices.Contains(seen, file) {
			seen = append(seen, file)
		}
		return FileRegular
	})
	if outcome != Proxied {
		return nil
	}
	return seen
}
