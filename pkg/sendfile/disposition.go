package sendfile

import (
	"path"
	"strings"
)

// ContentDisposition returns the value of a Content-Disposition field that
// makes a browser save the response under the last segment of name (RFC 6266):
// filename for all, with '_' for what is not plain ASCII, and filename* in
// UTF-8 (RFC 8187) where that is not the whole truth.
func ContentDisposition(name string) string {
	name = path.Base(name)
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\%`, r) {
			return '_'
		}
		return r
	}, name)
	value := `attachment; filename="` + plain + `"`
	if plain != name {
		value += "; filename*=UTF-8''" + percent(strings.ToValidUTF8(name, "\uFFFD"), "")
	}
	return value
}

// typeOf returns the media type for a name by its extension: a fixed list, so
// that the answer does not depend on the machine.
func typeOf(name string) string {
	types := map[string]string{
		".css":  "text/css; charset=utf-8",
		".csv":  "text/csv; charset=utf-8",
		".gif":  "image/gif",
		".gz":   "application/gzip",
		".htm":  "text/html; charset=utf-8",
		".html": "text/html; charset=utf-8",
		".jpeg": "image/jpeg",
		".jpg":  "image/jpeg",
		".js":   "text/javascript; charset=utf-8",
		".json": "application/json",
		".mp3":  "audio/mpeg",
		".mp4":  "video/mp4",
		".pdf":  "application/pdf",
		".png":  "image/png",
		".svg":  "image/svg+xml",
		".txt":  "text/plain; charset=utf-8",
		".webp": "image/webp",
		".xml":  "application/xml",
		".zip":  "application/zip",
	}
	if t, ok := types[strings.ToLower(path.Ext(name))]; ok {
		return t
	}
	return "application/octet-stream"
}
