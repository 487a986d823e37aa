// Package serve is the live endpoint: it checks stacks and other things on a
// schedule, and answers with what it knows.
package serve

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/proxydiag/proxydiag/internal/project"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/health/checks"
)

// Config is the section serve of proxydiag.yaml, but for stacks, checks and
// modules.
type Config struct {
	Listen         string        `yaml:"listen" doc:"HOST:PORT to answer on (127.0.0.1:9464)"`
	Title          string        `yaml:"title" doc:"what the answers call themselves (proxydiag)"`
	Interval       time.Duration `yaml:"interval" least:"1s" doc:"time between two runs of a check (1m)"`
	Timeout        time.Duration `yaml:"timeout" least:"1ms" doc:"how long a check may take (10s, a stack 1m, never longer than the interval)"`
	FreshTimeout   time.Duration `yaml:"fresh_timeout" least:"1ms" doc:"how long ?fresh=1 waits for all checks together (30s)"`
	Public         []Network     `yaml:"public" doc:"addresses and networks that are answered at all; without it all"`
	Allow          []Network     `yaml:"allow" doc:"addresses and networks that may see messages and metrics; without it none"`
	TrustedProxies []Network     `yaml:"trusted_proxies" doc:"addresses and networks of proxies whose X-Forwarded-For is believed"`
	TokenFile      string        `yaml:"token_file" path:"file" doc:"a file with the bearer token for messages, metrics and fresh results"`
	FailStatus     int           `yaml:"fail_status" doc:"status of an answer that says that something is down (503)"`
	TLS            TLS           `yaml:"tls" doc:"answer by TLS; the files are read again when they change"`
	State          string        `yaml:"state" path:"file" doc:"a file that keeps results and changes over a restart"`
	Templates      string        `yaml:"templates" path:"file" doc:"a folder with page.html and health.json, which replace the page and the JSON"`
	History        int           `yaml:"history" doc:"how many changes are kept (100)"`
	Connections    int           `yaml:"connections" doc:"how many connections are open at most (512)"`
	Drain          time.Duration `yaml:"drain" least:"1ms" doc:"how long readyz answers that it is not ready before the end (2s)"`
	Sweep          time.Duration `yaml:"sweep" least:"1ms" doc:"how old a fixture that a killed run has left is when it is removed (1h)"`

	Stacks  []StackConfig  `yaml:"-"` // nil: all of the file
	Checks  []CheckConfig  `yaml:"-"`
	Modules []ModuleConfig `yaml:"-"`
}

// TLS are the files of a certificate.
type TLS struct {
	Cert string `yaml:"cert" path:"file" doc:"the certificate, with those between it and the authority (PEM)"`
	Key  string `yaml:"key" path:"file" doc:"its key (PEM)"`
}

// Common are the settings that everything on a schedule has.
type Common struct {
	Interval time.Duration `yaml:"interval" least:"1s" doc:"time between two runs"`
	Timeout  time.Duration `yaml:"timeout" least:"1ms" doc:"how long a run may take"`
	Critical bool          `yaml:"critical" doc:"readyz fails without it"`
}

// StackConfig says how a stack of the file is watched.
type StackConfig struct {
	Common
	FailOn Severity `yaml:"fail_on" doc:"least severity that counts as down: error, warning or info (error); a warning below it is degraded"`
	Name   string   `yaml:"-"`
}

// CheckConfig is a check beside the stacks.
type CheckConfig struct {
	Common
	Optional bool `yaml:"optional" doc:"passes as not configured where a variable that it refers to is not set"`

	Name    string       `yaml:"-"`
	Kind    string       `yaml:"-"`
	Check   checks.Check `yaml:"-"`
	Missing bool         `yaml:"-"` // optional, and not configured
}

// ModuleConfig says how a target that a request names is checked.
type ModuleConfig struct {
	Targets []string      `yaml:"targets" doc:"which targets may be asked for: HOST or HOST:PORT with * in it, or networks"`
	Timeout time.Duration `yaml:"timeout" least:"1ms" doc:"how long a run may take"`
	FailOn  Severity      `yaml:"fail_on" doc:"least severity that counts as down (error)"`

	Name  string       `yaml:"-"`
	Stack project.Node `yaml:"-"` // where IsStack
	Check project.Node `yaml:"-"` // of one kind of check
	// IsStack says which of the two it is.
	IsStack bool `yaml:"-"`
}

// Network is a network, or a single address.
type Network struct{ netip.Prefix }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (n *Network) UnmarshalText(text []byte) error {
	if addr, err := netip.ParseAddr(string(text)); err == nil && addr.Zone() == "" {
		n.Prefix = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
		return nil
	}
	p, err := netip.ParsePrefix(string(text))
	if err != nil {
		return fmt.Errorf("%q is neither an address nor a network; write it like 10.0.0.0/8", text)
	}
	n.Prefix = p.Masked()
	return nil
}

func prefixes(list []Network) []netip.Prefix {
	if list == nil {
		return nil
	}
	out := make([]netip.Prefix, 0, len(list))
	for _, n := range list {
		out = append(out, n.Prefix)
	}
	return out
}

// Severity is a severity of a finding.
type Severity struct{ diag.Severity }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *Severity) UnmarshalText(text []byte) error {
	s.Severity = diag.Severity(text)
	if !slices.Contains([]diag.Severity{diag.Error, diag.Warning, diag.Info}, s.Severity) {
		return fmt.Errorf("%q is no severity; choose error, warning or info", text)
	}
	return nil
}

// sections are the members of serve that are no plain settings.
var sections = []string{"stacks", "checks", "modules"}

// Read reads the section. What is wrong is noted at its place.
func Read(n project.Node) *Config {
	c := &Config{}
	n.Without(sections...).Decode(c)
	for name, value := range n.Only(sections...).Members(nil, "") {
		switch name {
		case "stacks":
			for name, settings := range value.Members(nil, "the stack") {
				s := StackConfig{Name: name}
				settings.Decode(&s)
				c.Stacks = append(c.Stacks, s)
			}
		case "checks":
			for name, settings := range value.Members(nil, "the check") {
				c.Checks = append(c.Checks, readCheck(name, settings))
			}
		case "modules":
			for name, settings := range value.Members(nil, "the module") {
				c.Modules = append(c.Modules, readModule(name, settings))
			}
		}
	}
	c.validate(n)
	return c
}

// validate notes what cannot be.
func (c *Config) validate(n project.Node) {
	if c.Listen != "" {
		if _, _, err := net.SplitHostPort(c.Listen); err != nil {
			n.Problem("listen: %q is no HOST:PORT", c.Listen)
		}
	}
	if (c.TLS.Cert == "") != (c.TLS.Key == "") {
		n.Problem("tls: cert and key belong together; give both")
	}
	switch f := c.FailStatus; {
	case f == http.StatusNoContent || f == http.StatusNotModified:
		n.Problem("fail_status: an answer with the status %d has no content; choose another one", f)
	case f != 0 && (f < 200 || f > 599):
		n.Problem("fail_status: %d is no final status of HTTP", f)
	}
	if c.Connections < 0 || c.History < 0 {
		n.Problem("connections and history cannot be less than nothing")
	}
}

// readCheck reads a check: its kind is the setting that is called like one.
func readCheck(name string, n project.Node) CheckConfig {
	c, before := CheckConfig{Name: name}, n.Problems()
	common := project.Fields(&c)
	kind, ok := kindOf(n, common)
	if !ok {
		return c
	}
	n.Without(slices.DeleteFunc(n.Names(), func(s string) bool { return slices.Contains(common, s) })...).Decode(&c)
	c.Kind, c.Check = kind.Name, kind.New()
	settings := n.Without(common...)
	if c.Optional {
		c.Missing = settings.DecodeOptional(c.Check)
	} else {
		settings.Decode(c.Check)
	}
	if c.Missing || n.Problems() > before {
		return c
	}
	if err := c.Check.Validate(); err != nil {
		n.Problem("the check %s: %v", name, err)
	}
	return c
}

// kindOf is the kind of a check: the one whose name is a setting, and that
// knows the others which are called like kinds.
func kindOf(n project.Node, common []string) (checks.Kind, bool) {
	there := n.Names()
	var names []string
	for _, k := range checks.Kinds() {
		names = append(names, k.Name)
		if !slices.Contains(there, k.Name) {
			continue
		}
		fields := slices.Concat(project.Fields(k.New()), common)
		if !slices.ContainsFunc(there, func(s string) bool { return isKind(s) && !slices.Contains(fields, s) }) {
			return k, true
		}
	}
	if both := slices.DeleteFunc(there, func(s string) bool { return !isKind(s) }); len(both) > 1 {
		n.Problem("%s cannot stand together: one setting says what is checked", strings.Join(both, " and "))
		return checks.Kind{}, false
	}
	n.Problem("one setting says what is checked: %s%s", strings.Join(names, ", "), n.Misspelt(names, common))
	return checks.Kind{}, false
}

func isKind(name string) bool {
	return slices.ContainsFunc(checks.Kinds(), func(k checks.Kind) bool { return k.Name == name })
}

// target stands in a module for the target of the request.
const targetPlace = "{target}"

// exampleTarget stands in for a target while a module is looked at.
const exampleTarget = "127.0.0.1:80"

func readModule(name string, n project.Node) ModuleConfig {
	m := ModuleConfig{Name: name}
	for key, value := range n.Only("stack", "check").Members(nil, "the module "+name+":") {
		switch key {
		case "stack":
			m.Stack, m.IsStack = value, true
			value.Replace(targetPlace, exampleTarget).Settings()
		case "check":
			m.Check = value
			readCheck(name, value.Replace(targetPlace, exampleTarget))
		}
	}
	n.Without("stack", "check").Decode(&m)
	there := n.Names()
	if slices.Contains(there, "stack") == slices.Contains(there, "check") {
		n.Problem("the module %s: give it either stack or check", name)
	}
	if len(m.Targets) == 0 {
		n.Problem("the module %s: targets says which targets may be asked for, for example \"*.example.org\" or 10.0.0.0/8", name)
	}
	for _, t := range m.Targets {
		if _, err := path.Match(t, ""); err != nil {
			n.Problem("the module %s: %q is no pattern", name, t)
		}
	}
	return m
}

// Schema is the JSON Schema of the section; stack is that of a stack's
// settings.
func Schema(stack project.Object) project.Object {
	s := project.Schema(&Config{})
	s["description"] = "the live endpoint, proxydiag serve"
	properties := s["properties"].(project.Object)
	common := project.Schema(&CheckConfig{})["properties"].(project.Object)
	var kinds []project.Object
	for _, k := range checks.Kinds() {
		one := project.Schema(k.New())
		one["description"], one["required"] = k.Title, []string{k.Name}
		for name, value := range common {
			one["properties"].(project.Object)[name] = value
		}
		kinds = append(kinds, one)
	}
	check := project.Object{"anyOf": kinds}
	module := project.Schema(&ModuleConfig{})
	module["required"] = []string{"targets"}
	module["properties"].(project.Object)["stack"] = stack
	module["properties"].(project.Object)["check"] = check
	properties["stacks"] = project.Object{"description": "the stacks that are watched; without it all", "type": "object", "additionalProperties": project.Schema(&StackConfig{})}
	properties["checks"] = project.Object{"description": "what is checked beside the stacks, by name", "type": "object", "additionalProperties": check}
	properties["modules"] = project.Object{"description": "what /probe?target=…&module=NAME checks, with {target} for the target", "type": "object", "additionalProperties": module}
	return s
}

// admits says that a target may be asked for.
func (m ModuleConfig) admits(target string) bool {
	host := target
	if h, _, err := net.SplitHostPort(target); err == nil {
		host = h
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return slices.ContainsFunc(m.Targets, func(pattern string) bool {
		var n Network
		if n.UnmarshalText([]byte(pattern)) == nil {
			return err == nil && n.Contains(addr.Unmap())
		}
		for _, text := range []string{host, target} {
			if ok, _ := path.Match(strings.ToLower(pattern), strings.ToLower(text)); ok {
				return true
			}
		}
		return false
	})
}
