package project

import (
	"strings"
	"testing"
)

// TestVeiled: an excerpt shows no secret, and each byte stays at its place.
func TestVeiled(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`    r: {redis: "redis://u:HUSH@127.0.0.1:1", passwort: HUSH, password: HUSH}`,
		`    b: {storage: "webdav+http://u:HUSH@127.0.0.1:1/x"}`,
		`    b: {storage: webdav+http://u:HU/HUSH@127.0.0.1:1/x}`,
		`    h: {http: "http://h/", header: ["Authorization Bearer HUSH"]}`,
		`    h: {http: "http://h/?token=HUSH", header: ["X-Api-Key: a, HUSH"]}`,
		`    c: {command: [x, --password, HUSH]}`,
		"password: |\n  HUSH\n  HUSH",
		"    api_key: 'it''s HUSH' # x",
		`    token: "a \" HUSH"`,
		`    password: é, HUSH`,
	} {
		got := veiled(text)
		if strings.Contains(got, "HUSH") || len(got) != len(text) {
			t.Errorf("%s\n%s", text, got)
		}
	}
	for _, text := range []string{
		"    r: {redis: 'redis://h:1', password: '${env:PW}', token_file: /etc/x}",
		"    password: ${file:/etc/x}",
		"serve: {intervall: 1s, listen: '127.0.0.1:1'}\n",
	} {
		if got := veiled(text); got != text {
			t.Errorf("%s\n%s", text, got)
		}
	}
	_, err := Parse("p.yaml", "stacks: {a: {storrage: 1, password: HUSH}}", Options{Keys: []Key{{Name: "storage"}}})
	if err == nil || strings.Contains(err.Error(), "HUSH") || !strings.Contains(err.Error(), "{storrage: 1, password: ****}}") {
		t.Error(err)
	}
}
