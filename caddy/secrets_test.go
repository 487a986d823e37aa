package caddy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoadMasks(t *testing.T) {
	const text = `{
	email me@example.org
	acme_eab {
		key_id public-name
		mac_key hunter2-mac
	}
}
http://a.example.org {
	tls {
		dns cloudflare hunter2-dns
	}
	basicauth /x/* bcrypt Realm {
		bob hunter2-bob
		alice {$PROXYDIAG_TEST_HASH}
	}
	reverse_proxy 127.0.0.1:8000 {
		header_up Authorization "Basic aHVudGVyMmhlcmU="
		header_up X-Api-Key hunter2-up
		header_up Host {upstream_hostport}
	}
	request_header X-Token hunter2-req
	# password: hunter2-comment
	root * /srv/media
}
`
	file := filepath.Join(t.TempDir(), "Caddyfile")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PROXYDIAG_TEST_HASH", "hunter2-from-outside")
	s, err := Kind.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Files) != 1 {
		t.Fatalf("%d files", len(s.Files))
	}
	for _, f := range s.Files {
		if strings.Contains(f.Text, "hunter2") || strings.Contains(f.Text, "aHVu") {
			t.Errorf("%s holds a secret:\n%s", f.Path, f.Text)
		}
	}
	got := s.Files[0].Text
	if len(got) != len(text) {
		t.Errorf("%d bytes became %d", len(text), len(got))
	}
	for _, want := range []string{"me@example.org", "public-name", "cloudflare", "bob ", "alice {$PROXYDIAG_TEST_HASH}", "Host {upstream_hostport}", "root * /srv/media", "/x/* bcrypt Realm {"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is gone:\n%s", want, got)
		}
	}
}
