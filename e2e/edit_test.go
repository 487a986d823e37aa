package e2e

import (
	"strings"
	"testing"
)

// edit changes the text of a site.
type edit func(t testing.TB, site string) string

// swap replaces what stands in the site.
func swap(old, new string) edit {
	return func(t testing.TB, site string) string { return replace(t, old, new)(site) }
}

// in adds text to the top of the block that begins with head, such as
// "location /dl/".
func in(head, text string) edit { return swap(head+" {", head+" {\n"+text) }

// above puts text above the server: what stands in http { }.
func above(text string) edit {
	return func(_ testing.TB, site string) string { return text + "\n" + site }
}

// locations replaces everything in the server but its address.
func locations(text string) edit {
	return func(testing.TB, string) string {
		return "server {\n    listen 127.0.0.1:8080;\n" + text + "\n}\n"
	}
}

// download is the sample's download location, internal its internal one.
const (
	download = "location /dl/ { proxy_pass http://127.0.0.1:8000; proxy_set_header Host $http_host; }\n"
	internal = "location /protected/ { internal; alias /srv/media/; }\n"
)

// both makes one edit of several.
func both(edits ...edit) edit {
	return func(t testing.TB, site string) string {
		for _, e := range edits {
			site = e(t, site)
		}
		return site
	}
}

// behind puts another tier in front of the site: a server with this location
// on the users' port, while the site itself moves to a socket.
func behind(location string) edit {
	return func(t testing.TB, site string) string {
		site = replace(t, "listen 127.0.0.1:8080;", "listen unix:/run/scratch/site.sock;")(site)
		return site + "server {\n    listen 127.0.0.1:8080;\n    location / {\n" +
			strings.TrimSpace(location) + "\n    proxy_pass http://unix:/run/scratch/site.sock;\n" +
			"    proxy_set_header Host $http_host;\n    }\n}\n"
	}
}
