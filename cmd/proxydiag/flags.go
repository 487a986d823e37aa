package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/net/http/httpguts"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/fixture/remote"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// stackFlags describe the stack.
type stackFlags struct {
	storage, backend, proxy, direct string
	name, sendfile, server          string
	config, errorLog                string
	companion                       bool
	companionListen                 string
	denied, missing                 string
	header, as                      []string
	profile                         string
	methods                         []string
	large                           size
}

func (s *stackFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.storage, "storage", "", "where fixtures go: "+all.Storages())
	f.StringVar(&s.backend, "backend", "", "download `URL` on the backend's own port; {name} stands for the file's name, which is appended where it is absent")
	f.StringVar(&s.proxy, "proxy", "", "the same download `URL` on the proxy's port")
	f.StringVar(&s.direct, "direct", "", "`URL` of a proxy location that serves the storage as it is")
	f.StringVar(&s.name, "name", "", "the URLs always deliver this one `FILE` of the storage; it is put there if it is absent, else only read")
	f.StringVar(&s.sendfile, "sendfile", "", "`KIND:PREFIX`, what the storage's root is called in the handoff ("+strings.Join(sendfile.Names(), ", ")+")")
	f.StringVar(&s.server, "server", "", "the proxy's `KIND`, where the handoff alone does not tell")
	f.StringVar(&s.config, "config", "", "the proxy's configuration: main `FILE`, folder, or dump; - reads a dump from standard input")
	f.StringVar(&s.errorLog, "error-log", "", "the proxy's error log `FILE`; only what is written during the run is read")
	f.BoolVar(&s.companion, "companion", false, "answer on the backend's host and port ourselves while checking")
	f.StringVar(&s.companionListen, "companion-listen", "", "`HOST:PORT` for the companion instead of the backend's, which must be loopback")
	f.StringVar(&s.denied, "denied", "", "`URL` of a download that your backend must refuse")
	f.StringVar(&s.missing, "missing", "", "`URL` of a download that is not there")
	f.StringVar(&s.profile, "profile", string(diag.Standard), "how much is asked: quick, standard or thorough")
	f.StringSliceVar(&s.methods, "methods", nil, "also ask by this `METHOD`: POST, with an empty body, which may change something in your application")
	f.Var(&s.large, "large", "also put and download a file of this `SIZE`, like 5G; one request may then take as long as bytes come")
	f.StringArrayVar(&s.as, "as", nil, "`NAME=HEADER`: a further user, by the field that logs in (Cookie, Authorization), repeatable")
	f.StringArrayVar(&s.header, "header", nil, "`NAME: VALUE` to send with every request, repeatable")
	complete(cmd, "sendfile", kindsWithColon())
	complete(cmd, "server", sendfile.Names())
	complete(cmd, "profile", profiles())
	complete(cmd, "methods", []string{http.MethodPost})
}

// stack checks the flags and makes a stack of them.
func (s *stackFlags) stack() (diag.Stack, error) {
	stack := diag.Stack{
		Storage: s.storage, Backend: diag.URL(s.backend), Proxy: diag.URL(s.proxy), Direct: diag.URL(s.direct),
		Fixed: s.name, Sendfile: s.sendfile, Server: s.server, Companion: s.companion,
		Config: s.config, ErrorLog: s.errorLog, Denied: s.denied, Missing: s.missing,
		Large: int64(s.large),
	}
	for _, f := range []struct {
		flag, value, example string
	}{
		{"--storage", s.storage, "--storage /srv/media"},
		{"--backend", s.backend, "--backend http://127.0.0.1:8000/dl/"},
		{"--proxy", s.proxy, "--proxy http://127.0.0.1:8080/dl/"},
	} {
		if f.value == "" {
			return stack, fmt.Errorf("%s is missing; give it, for example %s", f.flag, f.example)
		}
	}
	store, err := all.OpenStore(s.storage, remote.Options{})
	if err != nil {
		return stack, err
	}
	_ = store.Close() // nothing is held yet
	for _, f := range []struct {
		flag, value string
		template    bool
	}{
		{"--backend", s.backend, true}, {"--proxy", s.proxy, true}, {"--direct", s.direct, true},
		{"--denied", s.denied, false}, {"--missing", s.missing, false},
	} {
		if err := checkURL(f.flag, f.value, f.template && s.name == ""); err != nil {
			return stack, err
		}
	}
	if err := checkLog(s.errorLog); err != nil {
		return stack, err
	}
	if err := s.contradictions(); err != nil {
		return stack, err
	}
	for _, f := range []struct{ flag, value string }{{"--denied", s.denied}, {"--missing", s.missing}} {
		if origin := diag.URL(f.value).Origin(); f.value != "" && origin != stack.Backend.Origin() && origin != stack.Proxy.Origin() {
			return stack, fmt.Errorf("%s %s: this is on another host than --backend and --proxy, the only ones that are asked; write %s and the path", f.flag, f.value, stack.Backend.Origin())
		}
	}
	if stack.Profile, err = diag.ParseProfile(s.profile); err != nil {
		return stack, fmt.Errorf("--profile: %w", err)
	}
	if stack.Methods, err = parseMethods(s.methods); err != nil {
		return stack, err
	}
	if stack.As, err = parseUsers(s.as); err != nil {
		return stack, err
	}
	stack.Header, err = parseHeader(s.header)
	return stack, err
}

// checkLog checks that a log can be read. One that is not there may be made
// during the run, where its folder is there.
func checkLog(path string) error {
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err = os.Stat(filepath.Dir(path)); err == nil {
			return nil
		}
	case err == nil && !info.Mode().IsRegular():
		err = errors.New("it is no regular file")
	case err == nil:
		var file *os.File
		if file, err = os.Open(path); err == nil {
			return file.Close()
		}
	}
	return fmt.Errorf("--error-log %w", cannotOpen(path, err))
}

// contradictions finds flags that cannot go together.
func (s *stackFlags) contradictions() error {
	if s.name != "" && (path.Clean("/"+s.name) != "/"+s.name || s.name == "/") {
		return fmt.Errorf("--name %s: give the file's path within the storage, like health.bin or check/health.bin", s.name)
	}
	if s.sendfile != "" {
		spec, err := sendfile.ParseSpec(s.sendfile, "")
		if err != nil {
			return fmt.Errorf("--sendfile: %w", err)
		}
		if s.server != "" && s.server != spec.Dialect.Name {
			return fmt.Errorf("--server %s contradicts --sendfile %s; leave one of them out", s.server, s.sendfile)
		}
	}
	if s.server != "" {
		if _, err := sendfile.Lookup(s.server, ""); err != nil {
			return fmt.Errorf("--server: %w", err)
		}
	}
	switch {
	case s.backend == s.proxy:
		return fmt.Errorf("--backend and --proxy are the same URL; give the application's own port and the proxy's")
	case s.large != 0 && s.name != "":
		return fmt.Errorf("--large and --name contradict each other: with a fixed file nothing else is put; leave one of them out")
	case s.companion && s.name != "":
		return fmt.Errorf("--companion and --name contradict each other: a fixed file is an application's own URL; leave one of them out")
	case s.companion && s.sendfile == "":
		return fmt.Errorf("--companion needs --sendfile, so that it knows which handoff to answer with; add it, for example --sendfile %s", exampleSpec())
	case s.companion && (s.denied != "" || s.missing != ""):
		return fmt.Errorf("--denied and --missing are downloads of your own backend; --companion answers in its place: leave them out")
	case !s.companion && s.companionListen != "":
		return fmt.Errorf("--companion-listen says where the companion listens, and there is none; add --companion")
	}
	return nil
}

// checkURL checks a URL of the command line; an empty one is fine.
func checkURL(flag, raw string, template bool) error {
	if raw == "" {
		return nil
	}
	scheme, rest, found := strings.Cut(raw, "://")
	host, _, _ := strings.Cut(rest, "/")
	shown := raw
	if at := strings.LastIndexByte(host, '@'); at >= 0 { // a login is not repeated in messages
		rest, host = rest[at+1:], host[at+1:]
		shown = scheme + "://" + rest
	}
	u, err := url.Parse(strings.ReplaceAll(raw, "{name}", "name"))
	switch {
	case strings.Contains(raw, "{name}") && !template:
		return fmt.Errorf("%s %s: the URL is asked for as it is; write the file's name in the place of {name}", flag, shown)
	case !found:
		return fmt.Errorf("%s %s: the scheme is missing; write http://%s", flag, shown, strings.TrimLeft(raw, "/"))
	case strings.Contains(host, "{name}"):
		return fmt.Errorf("%s %s: {name} belongs into the path or the query, not into the host; move it there", flag, shown)
	case err != nil:
		return fmt.Errorf("%s %s: not a URL: %w; write it like http://127.0.0.1:8000/dl/", flag, shown, unwrapURL(err))
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%s %s: downloads do not go by %s; write http://%s or https://%s", flag, shown, scheme, rest, rest)
	case u.Hostname() == "":
		return fmt.Errorf("%s %s: the host is missing; write it like http://127.0.0.1:8000/dl/", flag, shown)
	case u.Fragment != "":
		return fmt.Errorf("%s %s: a fragment (#%s) is never sent; leave it out, or write %%23 for a # in a name", flag, shown, u.Fragment)
	case u.Port() != "" && !isPort(u.Port()):
		return fmt.Errorf("%s %s: %s is no port; give one from 1 to 65535", flag, shown, u.Port())
	}
	return nil
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// unwrapURL drops the URL from net/url's error: the message names it already.
func unwrapURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// parseMethods reads the methods to ask by. GET and HEAD are always among them.
func parseMethods(list []string) ([]string, error) {
	var methods []string
	for _, m := range list {
		switch m {
		case http.MethodGet, http.MethodHead:
		case http.MethodPost:
			if !slices.Contains(methods, m) {
				methods = append(methods, m)
			}
		default:
			return nil, fmt.Errorf("--methods %s: downloads are asked for by GET, HEAD and POST; give --methods POST or leave it out", m)
		}
	}
	return methods, nil
}

// parseUsers reads NAME=HEADER.
func parseUsers(list []string) ([]diag.As, error) {
	var users []diag.As
	for _, text := range list {
		name, field, ok := strings.Cut(text, "=")
		header, err := parseHeader([]string{field})
		if !ok || err != nil || !userName.MatchString(name) {
			return nil, fmt.Errorf("--as: write NAME=FIELD: VALUE, for example --as 'eve=Cookie: sessionid=…'; the name has letters, digits and dashes")
		}
		if slices.ContainsFunc(users, func(u diag.As) bool { return u.Name == name }) {
			return nil, fmt.Errorf("--as %s: two users have this name; give each its own", name)
		}
		users = append(users, diag.As{Name: name, Field: header[0]})
	}
	return users, nil
}

// userName is what a user of --as may be called.
var userName = regexp.MustCompile(`^[A-Za-z0-9-]{1,40}$`)

// parseHeader reads NAME: VALUE fields.
func parseHeader(lines []string) (compare.Header, error) {
	var h compare.Header
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		if !ok || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return nil, fmt.Errorf("--header: the field is not of the form NAME: VALUE; write for example --header 'Authorization: Bearer …'")
		}
		if strings.EqualFold(name, "Host") {
			return nil, fmt.Errorf("--header Host: write the host into the URLs, and where it is reached with --resolve")
		}
		if ours(name) {
			return nil, fmt.Errorf("--header %s: this field decides what an answer looks like, and the probes set it themselves; leave it out", name)
		}
		h = append(h, compare.Field{Name: name, Value: value})
	}
	return h, nil
}

// ours says that a field is the probes' own: with a value of the user's in
// every request the answers would be of another kind than is expected.
func ours(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "range", "accept-encoding", "content-length", "transfer-encoding", "te", "trailer", "connection", "upgrade", "expect":
		return true
	}
	return strings.HasPrefix(name, "if-") || strings.HasPrefix(name, "x-proxydiag-")
}

// profiles are the names of the profiles.
func profiles() []string {
	var names []string
	for _, p := range diag.Profiles() {
		names = append(names, string(p))
	}
	return names
}

// noEmptyFlags refuses a flag that is given with nothing in it: a variable of
// a script that is not set must not change what is done.
func noEmptyFlags(cmd *cobra.Command, _ []string) error {
	var err error
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Value.Type() == "string" && f.Value.String() == "" && err == nil {
			err = fmt.Errorf("--%s is empty; give it a value, or leave it out", f.Name)
		}
	})
	return err
}

// defaultTimeout is how long one exchange may take.
const defaultTimeout = 10 * time.Second

// mostRetries is how often a request is sent again at most: with the pauses
// between, that is some minutes.
const mostRetries = 100

// clientFlags say how requests are sent.
type clientFlags struct {
	timeout     time.Duration
	resolve     []string
	insecure    bool
	concurrency int
	retries     int
}

func (c *clientFlags) register(f *pflag.FlagSet) {
	c.registerSingle(f)
	f.IntVar(&c.concurrency, "concurrency", diag.DefaultConcurrency, "how many requests are under way at once")
	f.IntVar(&c.retries, "retries", 0, "how often a request is sent again to which no answer came; the report tells where it was")
}

// registerSingle registers what a single request can be told.
func (c *clientFlags) registerSingle(f *pflag.FlagSet) {
	c.concurrency = 1
	f.DurationVar(&c.timeout, "timeout", defaultTimeout, "how long one request may take")
	f.StringArrayVar(&c.resolve, "resolve", nil, "`HOST:PORT:ADDR`: connect to ADDR for HOST:PORT, repeatable")
	f.BoolVar(&c.insecure, "insecure", false, "accept any TLS certificate")
}

func (c *clientFlags) options() (compare.Options, error) {
	o := compare.Options{Timeout: c.timeout, Insecure: c.insecure, UserAgent: "proxydiag/" + tool().Version, Resolve: map[string]string{}}
	if c.timeout <= 0 {
		return o, fmt.Errorf("--timeout %s: it must be more than nothing, for example --timeout 10s", c.timeout)
	}
	if c.concurrency < 1 {
		return o, fmt.Errorf("--concurrency %d: it must be at least 1", c.concurrency)
	}
	if c.retries < 0 {
		return o, fmt.Errorf("--retries %d: it cannot be less than 0", c.retries)
	}
	if c.retries > mostRetries {
		return o, fmt.Errorf("--retries %d: at most %d; to wait for a stack that is still starting, give --wait", c.retries, mostRetries)
	}
	for _, r := range c.resolve {
		host, addr, ok := parseResolve(r)
		if !ok {
			return o, fmt.Errorf("--resolve %s: write HOST:PORT:ADDR, for example www.example.org:443:127.0.0.1", r)
		}
		o.Resolve[host] = addr
	}
	return o, nil
}

// parseResolve reads HOST:PORT:ADDR. An IPv6 address stands in brackets as
// HOST, and may have them as ADDR.
func parseResolve(s string) (hostPort, addr string, ok bool) {
	host, rest, ok1 := strings.Cut(s, ":")
	if inner, after, bracketed := strings.Cut(strings.TrimPrefix(s, "["), "]:"); bracketed && strings.HasPrefix(s, "[") {
		host, rest = inner, after
	}
	port, addr, ok2 := strings.Cut(rest, ":")
	addr = strings.TrimSuffix(strings.TrimPrefix(addr, "["), "]")
	ok = ok1 && ok2 && host != "" && isPort(port) && net.ParseIP(addr) != nil
	return net.JoinHostPort(host, port), addr, ok
}
