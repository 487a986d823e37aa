package gate

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// offered is a configuration with two servers: one for http that redirects, one
// for https with two ways in and two ways out.
func offered() server.Offers {
	plain := server.Port{Origin: "http://files.example.com", Listen: "*:80", Scope: "1"}
	tls := server.Port{Origin: "https://files.example.com", Listen: "*:443", Scope: "2"}
	way := func(path string) server.WayIn {
		return server.WayIn{Port: tls, Name: "files.example.com " + path, URL: diag.URL(tls.Origin + path), App: server.App{Protocol: "http", Address: "app" + path}}
	}
	kind := sendfile.Names()[0]
	out := func(prefix, folder string) server.WayOut {
		return server.WayOut{Name: prefix, Scope: "2", Sendfile: kind + ":" + prefix, Storage: folder}
	}
	return server.Offers{Ports: []server.Port{plain, tls}, Ways: []server.WayIn{way("/"), way("/api/")}, Outs: []server.WayOut{out("/a/", "/srv/a"), out("/b/", "/srv/b")}}
}

// TestPairsObject: where an object store holds the files the prefix alone says
// what is meant.
func TestPairsObject(t *testing.T) {
	offers := offered()
	offers.Outs[1].Storage, offers.Outs[1].Object = "", &server.Object{App: server.App{Protocol: "http", Address: "store:9000"}, Path: "/bucket/"}
	pairs, err := Pairs(offers, Options{Intent: Intent{Sendfile: offers.Outs[1].Sendfile, Path: "/api/dl/"}})
	if err != nil || len(pairs) != 1 || pairs[0].To.Object != offers.Outs[1].Object || pairs[0].MadeUp {
		t.Errorf("%+v, %v", pairs, err)
	}
}

func TestPairs(t *testing.T) {
	kind := sendfile.Names()[0]
	for _, c := range []struct {
		name    string
		options Options
		want    []string // URL, handoff, storage, application, and ! where it is made up
		fails   string
	}{
		{name: "each with each", want: []string{
			"https://files.example.com/ " + kind + ":/a/ /srv/a app/ !", "https://files.example.com/ " + kind + ":/b/ /srv/b app/ !",
			"https://files.example.com/api/ " + kind + ":/a/ /srv/a app/api/ !", "https://files.example.com/api/ " + kind + ":/b/ /srv/b app/api/ !",
		}},
		{name: "narrowed", options: Options{Via: []string{"/api"}, To: []string{"/b/"}}, want: []string{"https://files.example.com/api/ " + kind + ":/b/ /srv/b app/api/ !"}},
		{name: "stated", options: Options{Intent: Intent{Storage: "/srv/x", Sendfile: kind + ":/x/", Path: "/api/dl/"}},
			want: []string{"https://files.example.com/api/dl/ " + kind + ":/x/ /srv/x app/api/"}},
		{name: "stated with its host", options: Options{Intent: Intent{Storage: "/srv/x", Sendfile: kind + ":/x/", Path: "http://files.example.com/dl/"}},
			want: []string{"http://files.example.com/dl/ " + kind + ":/x/ /srv/x "}},
		{name: "stated with another host", options: Options{Intent: Intent{Storage: "/srv/x", Sendfile: kind + ":/x/", Path: "https://other.example.com/dl/"}},
			want: []string{"https://other.example.com/dl/ " + kind + ":/x/ /srv/x "}},
		{name: "stated without the folder", options: Options{Intent: Intent{Sendfile: kind + ":/b/", Path: "/"}},
			want: []string{"https://files.example.com/ " + kind + ":/b/ /srv/b app/ !"}},
		{name: "a prefix that nothing is for", options: Options{Intent: Intent{Sendfile: kind + ":/c/"}}, fails: "--storage"},
		{name: "narrowed to nothing", options: Options{Via: []string{"elsewhere"}}, fails: "--list"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pairs, err := Pairs(offered(), c.options)
			if (err != nil) != (c.fails != "") || err != nil && !strings.Contains(err.Error(), c.fails) {
				t.Fatalf("%v", err)
			}
			var got []string
			for _, p := range pairs {
				text := string(p.Via.URL) + " " + p.To.Sendfile + " " + p.To.Storage + " " + p.Via.App.Address
				if p.MadeUp {
					text += " !"
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, o := range []server.Offers{{}, {Ports: offered().Ports}, {Ports: offered().Ports, Ways: offered().Ways}} {
		if _, err := Pairs(o, Options{}); err == nil {
			t.Errorf("%+v offers something", o)
		}
	}
}

// TestDistinct: ways in that differ in their origins alone are told apart.
func TestDistinct(t *testing.T) {
	ways := []server.WayIn{
		{Name: "a.example /dl/", Port: server.Port{Origin: "https://a.example"}},
		{Name: "a.example /dl/", Port: server.Port{Origin: "http://a.example"}},
		{Name: "a.example /", Port: server.Port{Origin: "http://a.example"}},
	}
	var got []string
	for _, w := range Distinct(ways) {
		got = append(got, w.Name)
	}
	if diff := cmp.Diff([]string{"https://a.example /dl/", "http://a.example /dl/", "a.example /"}, got); diff != "" {
		t.Error(diff)
	}
}
