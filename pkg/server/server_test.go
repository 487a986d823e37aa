package server_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/server"
)

func TestRender(t *testing.T) {
	sample := server.Sample{
		Name: "site", Title: "a site", Path: "/dl/", Direct: "/direct/",
		Text:     "listen 127.0.0.1:8080 to 127.0.0.1:8000; files /srv/media/; again /srv/media/\n",
		Sendfile: "kind:/srv/media/",
		Storage:  "/srv/media/protected",
	}
	for name, c := range map[string]struct {
		values                  server.Values
		text, sendfile, storage string
	}{
		"all": {
			server.Values{Listen: "[::1]:1", Backend: "127.0.0.1:8080", Storage: "/tmp/x"},
			"listen [::1]:1 to 127.0.0.1:8080; files /tmp/x/; again /tmp/x/\n", "kind:/tmp/x/", "/tmp/x/protected",
		},
		"some": {
			server.Values{Backend: "app:80"},
			"listen 127.0.0.1:8080 to app:80; files /srv/media/; again /srv/media/\n", "kind:/srv/media/", "/srv/media/protected",
		},
		"placeholders": {server.Placeholders(), sample.Text, sample.Sendfile, sample.Storage},
	} {
		t.Run(name, func(t *testing.T) {
			want := sample
			want.Text, want.Sendfile, want.Storage = c.text, c.sendfile, c.storage
			if d := cmp.Diff(want, sample.Render(c.values)); d != "" {
				t.Errorf("Render (-want +got):\n%s", d)
			}
		})
	}
}

func TestRenderApart(t *testing.T) {
	sample := server.Sample{Text: `on 127.0.0.1:8080 to 127.0.0.1", 8000 and 127.0.0.1", 8080`, Between: `", `}
	got := sample.Render(server.Values{Listen: "127.9.9.9:1", Backend: "[::1]:2"}).Text
	if want := `on 127.9.9.9:1 to ::1", 2 and 127.9.9.9", 1`; got != want {
		t.Errorf("got %s", got)
	}
	if !sample.Has("127.0.0.1:8000") || sample.Has("127.0.0.1:9") || sample.Has("/srv") {
		t.Error("Has")
	}
}
