package report

import (
	"net/url"
	"path/filepath"
	"strings"
)

// relative is a file's name as seen from the folder root, with slashes, where
// it lies in it; otherwise it stays as it is.
func relative(root, file string) string {
	if root == "" || !filepath.IsAbs(file) {
		return filepath.ToSlash(filepath.Clean(file))
	}
	within, err := filepath.Rel(root, file)
	if err != nil || within == ".." || strings.HasPrefix(within, "../") {
		return filepath.ToSlash(file)
	}
	return filepath.ToSlash(within)
}

// fromTop is a file's name as seen from the top of the repository, where it
// lies in it.
func (o Options) fromTop(file string) string {
	if o.Top == "" || o.Root == "" {
		return relative(o.Root, file)
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(o.Root, file)
	}
	return relative(o.Top, file)
}

// uri is the same as a URI reference (RFC 3986).
func (o Options) uri(file string) string {
	u := url.URL{Path: o.fromTop(file)}
	if strings.HasPrefix(u.Path, "/") {
		u.Scheme = "file"
	}
	return u.String()
}

// Named is the name of a file in formats that other programs read.
func (o Options) Named(file string) string { return relative(o.Root, file) }
