package project

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type settings struct {
	Listen  string        `yaml:"listen"`
	Every   time.Duration `yaml:"every" doc:"how often"`
	Status  []int         `yaml:"status"`
	Share   float64       `yaml:"share"`
	On      bool          `yaml:"on"`
	Allow   netip.Prefix  `yaml:"allow"`
	File    string        `yaml:"file" path:"file"`
	TLS     tlsSettings   `yaml:"tls"`
	Ignored string
}

type tlsSettings struct {
	Cert string `yaml:"cert" path:"file"`
}

// decoded reads the section serve of a file into settings.
func decoded(text string, optional bool) (s settings, secrets []string, missing bool, err error) {
	_, err = Parse("/etc/p.yaml", text, Options{Keys: keys, Env: env,
		Serve: func(n Node) {
			if optional {
				missing = n.DecodeOptional(&s)
				return
			}
			n.Decode(&s)
		},
		Secret:  func(text string) { secrets = append(secrets, text) },
		Suggest: func(word string, _ []string) string { return " (" + word + "?)" },
	})
	return s, secrets, missing, err
}

func TestDecode(t *testing.T) {
	got, secrets, _, err := decoded(`
serve:
  listen: "127.0.0.1:${env:TOKEN}"
  every: 21d
  status: 200
  share: 0.5
  on: true
  allow: 10.0.0.0/8
  file: a/b
  tls: {cert: c.pem}
`, false)
	if err != nil {
		t.Fatal(err)
	}
	want := settings{"127.0.0.1:t0ken", 21 * 24 * time.Hour, []int{200}, 0.5, true, netip.MustParsePrefix("10.0.0.0/8"), "/etc/a/b", tlsSettings{"/etc/c.pem"}, ""}
	if d := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"t0ken"}, secrets); d != "" {
		t.Errorf("secrets (-want +got):\n%s", d)
	}
}

func TestDecodeProblems(t *testing.T) {
	for text, want := range map[string]string{
		"serve: {lisen: x}":                  "p.yaml:1:9: there is no setting lisen (lisen?)",
		"serve: {every: soon}":               `"soon" is no duration; write it like 30s, 5m or 21d`,
		"serve: {every: -1s}":                "is no duration",
		"serve: {status: [x]}":               `"x" is no whole number`,
		"serve: {share: x}":                  "is no number",
		"serve: {on: 2}":                     "is neither true nor false",
		"serve: {allow: x}":                  "allow: ",
		"serve: {listen: [a]}":               "listen has a text as its value",
		"serve: {listen: }":                  "listen has no value",
		"serve: {tls: x}":                    "tls is to hold names and values",
		"serve: {tls: {key: x}}":             "there is no setting key",
		"serve: {listen: '${env:NONE}'}":     "the environment variable NONE is not set",
		"serve: &x {tls: *x}":                "there is no setting tls",
		"serve: x":                           "serve is to hold names and values",
		"serve: {status: [1, {a: b}, [2]]}":  "status has a text as its value",
		"serve: {listen: a, listen: b}":      "listen",
		"stacks: {a: {proxi: x}}\nserve: {}": "there is no setting proxi",
	} {
		if _, _, _, err := decoded(text, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestDecodeOptional(t *testing.T) {
	for text, want := range map[string]bool{
		"serve: {listen: '${env:NONE}', on: true}": true,
		"serve: {listen: '${env:EMPTY}'}":          true,
		"serve: {listen: }":                        true,
		"serve: {listen: '${env:TOKEN}'}":          false,
	} {
		if _, _, missing, err := decoded(text, true); err != nil || missing != want {
			t.Errorf("%s: %v %v", text, missing, err)
		}
	}
}

// TestServeIsPassedOver: who asks for stacks only needs none of its secrets.
func TestServeIsPassedOver(t *testing.T) {
	stacks, err := Parse("p.yaml", "serve: {token: '${env:NONE}'}\nstacks: {a: {proxy: x}}\n", Options{Keys: keys, Env: env})
	if err != nil || len(stacks) != 1 {
		t.Error(stacks, err)
	}
	if _, err := Parse("p.yaml", "serve: {}\n", Options{Keys: keys, Env: env}); err == nil {
		t.Error("there is no stack, and check does not complain")
	}
}

func TestReplaceAndApart(t *testing.T) {
	var module Node
	_, err := Parse("p.yaml", "serve: {listen: 'http://{target}/', status: [1]}\n", Options{Keys: keys, Env: env, Serve: func(n Node) { module = n }})
	if err != nil {
		t.Fatal(err)
	}
	var s settings
	one := module.Replace("{target}", "h:1").Apart()
	one.Decode(&s)
	if one.Err() != nil || s.Listen != "http://h:1/" || module.Text() != "" {
		t.Errorf("%+v %v", s, one.Err())
	}
	bad := module.Apart()
	bad.Decode(&struct{}{})
	if bad.Err() == nil || module.Err() != nil {
		t.Error("problems are not kept apart")
	}
}
