package nginx

import (
	"errors"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// TestDoubtful: what nginx takes though a semicolon is missing is told, and no
// list that is written over lines.
func TestDoubtful(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"server { server_name a\nlisten 80; }", `2:1: "listen" is taken for an argument of "server_name"`},
		{"server { index a.html\nroot /srv; }", `2:1: "root" is taken for an argument of "index"`},
		{"server { server_name\na.example\nb.example; }", ""},
		{"server { gzip_types\ntext/css\nimage/png; }", ""},
		{"server { server_name a root; }", ""},
		{"upstream a { server 127.0.0.1:8\nbackup; }", ""},
		{"map $a $b { root\nindex; }", ""},
	} {
		_, err := Parse(sourceOf(c.text))
		var e *conf.Error
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%q: %v", c.text, err)
		case c.want != "" && (!errors.As(err, &e) || !e.Only(conf.Doubtful) || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%q: got %v, want %s", c.text, err, c.want)
		}
	}
}

// TestRefusedNot: what may be right is not refused: comments in patterns, files
// of a folder, what stands in stream { } or in a block of another module.
func TestRefusedNot(t *testing.T) {
	for _, text := range []string{
		`location ~ "(?#()a" { } location ~ "(?x)a # (" { }`,
		"stream { server { listen 53 udp; proxy_pass dns; } } http { }",
		"server { listen 53 udp; proxy_pass dns; }",
		"server { location /a { third_party { root /a; root /b; location /x { } } } }",
		"alias /a/; internal;",
		"lua_shared_dict a 1m;\nserver { location / { content_by_lua_block { if ( } } }",
	} {
		if _, err := Parse(sourceOf(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	two := conf.Source{Roots: []string{"a.conf", "b.conf"}, Files: []conf.File{{Path: "a.conf", Text: "location /a { } root /a;"}, {Path: "b.conf", Text: "location /a { } root /b;"}}}
	if _, err := Parse(two); err != nil {
		t.Error(err)
	}
}
