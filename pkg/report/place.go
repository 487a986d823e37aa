package report

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
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

// uri is a file's name as a URI reference (RFC 3986): relative to root where it
// lies in it.
func uri(root, file string) string {
	u := url.URL{Path: relative(root, file)}
	if strings.HasPrefix(u.Path, "/") {
		u.Scheme = "file"
	}
	return u.String()
}

// Fingerprint tells a finding from others of other runs: by its code, and the
// directive and the file that it is about. Where in the file it stands does not
// count, so that it stays the same when lines are added above it.
func Fingerprint(f diag.Finding, root string) string {
	parts := []string{f.Code}
	if f.Location != nil {
		parts = append(parts, relative(root, f.Location.File), strings.Join(strings.Fields(f.Location.Text), " "))
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:8])
}
