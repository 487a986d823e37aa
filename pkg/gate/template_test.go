package gate

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

func one(text string) conf.Source {
	return conf.Source{Roots: []string{"site.conf"}, Files: []conf.File{{Path: "site.conf", Text: text}}}
}

func TestTemplate(t *testing.T) {
	for text, place := range map[string]string{
		"server { listen 80; }\n":                                      "",
		"location ~ ^/[a-z]{2}/ { return 200 \"{}\"; }\n":              "",
		"location @APP { proxy_pass http://app; }\n":                   "",
		"location / { try_files $uri @APP; } # by admin@EXAMPLE.org\n": "",
		"LogFormat \"%h %l %{Host}i\" combined\n":                      "",
		"reverse_proxy {$BACKEND} {\n header_up Host {host}\n}\n":      "",
		"a;\nserver_name {{ server_name }};\n":                         "site.conf:2:13",
		"{% for s in sites %}\nserver { }\n{% endfor %}\n":             "site.conf:1:1",
		"{%- if tls %}\n": "site.conf:1:1",
		"server_name {{ item.name | default('x') }};\n": "site.conf:1:13",
		"server_name {{ .Values.host | quote }};\n":     "site.conf:1:13",
		"{{- range .Values.hosts }}\n":                  "site.conf:1:1",
		"\n  listen <%= @port %>;\n":                    "site.conf:2:10",
		"listen {{ $port }};\n":                         "site.conf:1:8",
		"root @@INSTALL_DIR@@/public;\n":                "site.conf:1:1",
		"server_name __FQDN__;\n":                       "",
	} {
		err := Template(one(text))
		var refused *conf.Error
		got := ""
		if errors.As(err, &refused) {
			got = refused.Problems[0].Pos.String()
		}
		if got != place {
			t.Errorf("%q: at %q, want %q (%v)", text, got, place, err)
		}
	}
	if err := Template(conf.Source{Files: []conf.File{{Path: "nginx.conf.j2", Text: "server { }"}}}); err == nil {
		t.Error("a file that is called a template is none")
	}
}

func TestSubstitute(t *testing.T) {
	sets := []Set{{"PORT", "8080"}, {"HOST", "$host"}, {"UNUSED", "x"}}
	got, used := Substitute(one("listen ${PORT}; proxy_pass http://$HOST:$PORT$request_uri; # ${OTHER} $PORTS\n"), sets)
	if diff := cmp.Diff("listen 8080; proxy_pass http://$host:8080$request_uri; # ${OTHER} $PORTS\n", got.Files[0].Text); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"PORT", "HOST"}, used); diff != "" {
		t.Error(diff)
	}
	got, _ = Substitute(one("{$HOST}:{$PORT:-80} {\n\troot * {$ROOT:/srv}\n}\n"), []Set{{"HOST", "a.example"}, {"PORT", "81"}})
	if diff := cmp.Diff("a.example:81 {\n\troot * {$ROOT:/srv}\n}\n", got.Files[0].Text); diff != "" {
		t.Error(diff)
	}
}

func TestUnset(t *testing.T) {
	err := Unset(one("# ${COMMENT}\nlisten ${PORT};\nset $a ${uri}; root ${ROOT}/${PORT};\n"))
	var refused *conf.Error
	if !errors.As(err, &refused) || len(refused.Problems) != 2 || refused.Problems[0].Pos.Line != 2 || refused.Problems[1].Pos.Column != 21 {
		t.Errorf("%v", err)
	}
	if err := Unset(one("listen 80; set $A ${uri};\n")); err != nil {
		t.Error(err)
	}
}

func TestParseSet(t *testing.T) {
	for text, want := range map[string]Set{"A=b=c": {"A", "b=c"}, "a_1=": {"a_1", ""}} {
		if got, err := ParseSet(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"A", "=x", "1=x", "A-B=x", "A=x\ny"} {
		if _, err := ParseSet(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add("server { listen ${PORT}; {{ x }} <%= y %> @@Z@@ }")
	f.Fuzz(func(t *testing.T, text string) {
		_ = Template(one(text))
		_ = Unset(one(text))
		if got, used := Substitute(one(text), nil); got.Files[0].Text != text || used != nil {
			t.Errorf("%q became %q", text, got.Files[0].Text)
		}
	})
}
