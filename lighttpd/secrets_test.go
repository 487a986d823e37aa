package lighttpd

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

func TestWithoutSecrets(t *testing.T) {
	text := `auth.backend.ldap.bind-pw = "hunter2"
var.db_password = "hunter2"
setenv.add-environment = ( "A" => "b", "DB_PASSWORD" => "hunter2" )
setenv.set-request-header = ( "Authorization" => "Basic aHVudGVyMg==",
  "X-Api-Key" => "hunter2" )
vhostdb.dbi = ( "dbname" => "x", "password" => "hunter2" )
$REQUEST_HEADER["X-Auth-Token"] == "hunter2" { server.tag = "x" }
else $REQUEST_HEADER["X-Auth-Token"] == "hunter2b" { server.tag = "y" }
# password: hunter2
secdownload.secret = "hunt\"er2"
url.redirect = ( "" => "http://app:hunter2@example.org/" )
`
	s := conf.Source{Roots: []string{"f"}, Files: []conf.File{{Path: "f", Text: text}}}
	before, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	masked := withoutSecrets(s)
	got := masked.Files[0].Text
	after, err := Parse(masked)
	if err != nil || len(got) != len(text) || strings.Contains(got, "hunter2") || strings.Contains(got, "er2") || strings.Contains(got, "aHVud") {
		t.Fatalf("%v\n%s", err, got)
	}
	var places [2][]string
	for i, c := range []*Config{before, after} {
		c.Top.Walk(func(d *conf.Directive) bool {
			places[i] = append(places[i], d.Pos.String()+" "+d.Name)
			return true
		})
	}
	if d := cmp.Diff(places[0], places[1]); d != "" {
		t.Error(d)
	}
}

// TestLeavesTheRest: what decides on a request's way stays as it is.
func TestLeavesTheRest(t *testing.T) {
	texts := []string{downloads, application, processes, "auth.backend.plain.userfile = \"/etc/passwords\"\nalias.url = ( \"/secret/\" => \"/srv/secret/\" )\n" +
		"$HTTP[\"url\"] =~ \"^/token/\" { proxy.server = ( \"/token\" => ( ( \"host\" => \"secret\", \"port\" => 1 ) ) ) }\n$HTTP[\"cookie\"] =~ \"user=([^;]*)\" { server.tag = \"x\" }\n"}
	for _, c := range readCorpus(t) {
		texts = append(texts, c.Files["main.conf"])
	}
	for _, text := range texts {
		s := conf.Source{Roots: []string{"f"}, Files: []conf.File{{Path: "f", Text: text}}}
		if got := withoutSecrets(s).Files[0].Text; got != text {
			t.Errorf("%s\nbecame\n%s", text, got)
		}
	}
}
