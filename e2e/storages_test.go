package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/internal/storetest"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/fixture/remote"
	"github.com/proxydiag/proxydiag/pkg/report"
)

// storages are the kinds of storages of the table, in its order.
func storages() []string { return []string{"folder", "S3", "WebDAV", "SFTP"} }

// broke is a storage with a failure.
type broke struct {
	storage string
	env     func(string) string
	wrap    func(fixture.Store) fixture.Store // nil: as it is
	how     string                            // what makes it fail
}

// failing is a row of the table: a failure, and how each kind of storage gets it.
type failing struct {
	name string
	with map[string]func(t *testing.T) broke
	none string // why the others do not have it
}

// services are the real servers, started once for all rows.
type services struct {
	s3   *storetest.S3
	dav  *storetest.WebDAV
	sftp *storetest.SFTP
}

const (
	realServer = "the real server"
	documented = "an answer as the protocol documents it"
	inBetween  = "something between us and the real server"
	nobody     = "an address without anyone"
	silent     = "a port that takes connections and says nothing"
	another    = "another server"
	simulated  = "an error of the system, simulated"
	short      = "stall=300ms"
)

// more adds a parameter to a storage's URL.
func more(storage, parameter string) string {
	if strings.Contains(storage, "?") {
		return storage + "&" + parameter
	}
	return storage + "?" + parameter
}

func failures(t *testing.T, s services) []failing {
	type with = map[string]func(t *testing.T) broke
	folder := func(t *testing.T) string { return storage(t) }
	dav := storetest.None()
	// fronts are the addresses of something before the services that speak HTTP.
	fronts := func(how string, change func(w http.ResponseWriter, r *http.Request) bool, back func(*http.Response) error, s3only bool) with {
		w := with{"S3": func(t *testing.T) broke {
			return broke{s.s3.At(storetest.Front(t, s.s3.Addr, change, back).Listener.Addr().String(), "media"), s.s3.Env(), nil, how}
		}}
		if !s3only {
			w["WebDAV"] = func(t *testing.T) broke {
				return broke{s.dav.At(storetest.Front(t, s.dav.Addr, change, back).Listener.Addr().String(), "media"), dav, nil, how}
			}
		}
		return w
	}
	join := func(parts ...with) with {
		all := with{}
		for _, p := range parts {
			for k, f := range p {
				all[k] = f
			}
		}
		return all
	}
	wrapped := func(how string, wrap func(fixture.Store) fixture.Store) with {
		return with{
			"folder": func(t *testing.T) broke { return broke{folder(t), nil, wrap, how} },
			"SFTP":   func(t *testing.T) broke { return broke{s.sftp.Folder(t, "media"), storetest.None(), wrap, how} },
		}
	}
	at := func(addr, how string) with {
		return with{
			"S3":     func(*testing.T) broke { return broke{more(s.s3.At(addr, "media"), short), s.s3.Env(), nil, how} },
			"WebDAV": func(*testing.T) broke { return broke{more(s.dav.At(addr, "media"), short), dav, nil, how} },
			"SFTP": func(*testing.T) broke {
				return broke{more(s.sftp.At(addr, "media"), short), storetest.None(), nil, how}
			},
		}
	}
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(tls.Close)
	overTLS := func(addr string) with {
		return with{
			"S3": func(*testing.T) broke {
				return broke{strings.Replace(s.s3.At(addr, "media"), "http%3A", "https%3A", 1), s.s3.Env(), nil, another}
			},
			"WebDAV": func(*testing.T) broke {
				return broke{strings.Replace(s.dav.At(addr, "media"), "+http:", "+https:", 1), dav, nil, another}
			},
		}
	}
	s3as := func(key, secret string) func(t *testing.T) broke {
		return func(*testing.T) broke {
			vars := s.s3.Vars()
			vars["AWS_ACCESS_KEY_ID"], vars["AWS_SECRET_ACCESS_KEY"] = key, secret
			return broke{s.s3.URL("media"), storetest.Env(vars), nil, realServer}
		}
	}
	answers := func(status int, body string) func(w http.ResponseWriter, r *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPut {
				return false
			}
			w.Header().Set("X-Amz-Request-Id", "4442587FB7D0A2F9")
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(status)
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, body)
			return true
		}
	}
	code := func(code, message string) string {
		return fmt.Sprintf("<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>%s</Message><RequestId>4442587FB7D0A2F9</RequestId></Error>", code, message)
	}
	return []failing{
		{"not there", with{
			"folder": func(t *testing.T) broke { return broke{filepath.Join(folder(t), "nowhere"), nil, nil, realServer} },
			"S3":     func(*testing.T) broke { return broke{s.s3.URL("nowhere"), s.s3.Env(), nil, realServer} },
			"WebDAV": func(*testing.T) broke { return broke{s.dav.At(s.dav.Addr, "nowhere"), dav, nil, realServer} },
			"SFTP": func(*testing.T) broke {
				return broke{s.sftp.At(s.sftp.Addr, "nowhere"), storetest.None(), nil, realServer}
			},
		}, ""},
		{"access denied", join(with{
			"folder": func(t *testing.T) broke {
				return broke{folder(t), nil, refusing(syscall.EACCES, fixture.ClassPermission), simulated}
			},
			"S3": func(t *testing.T) broke {
				return broke{s.s3.URL("media"), s.s3.User(t, "AKIAPROXYDIAGOTHER", "another/secret+0123456789"), nil, realServer}
			},
			"WebDAV": func(t *testing.T) broke {
				server := storetest.StartWebDAV(t, "<Limit GET OPTIONS PROPFIND>\nRequire all granted\n</Limit>\n<LimitExcept GET OPTIONS PROPFIND>\nRequire all denied\n</LimitExcept>")
				return broke{server.Folder(t, "media"), dav, nil, realServer}
			},
			"SFTP": func(t *testing.T) broke {
				server := storetest.StartSFTP(t, "ForceCommand internal-sftp -R")
				return broke{server.Folder(t, "media"), storetest.None(), nil, realServer}
			},
		}), ""},
		{"unknown user", with{
			"S3": s3as("AKIANOBODY", "another/secret+0123456789"),
			"WebDAV": func(t *testing.T) broke {
				return broke{protected(t).Folder(t, "media"), storetest.Env(map[string]string{"PROXYDIAG_WEBDAV_USER": "nobody", "PROXYDIAG_WEBDAV_PASSWORD": "another/secret+0123456789"}), nil, realServer}
			},
			"SFTP": func(t *testing.T) broke {
				other := *s.sftp
				other.Identity, _ = storetest.NewKey(t)
				return broke{other.At(other.Addr, "media"), storetest.None(), nil, realServer}
			},
		}, "folders have none"},
		{"wrong secret", with{
			"S3": s3as(s.s3.Key, "another/secret+0123456789"),
			"WebDAV": func(t *testing.T) broke {
				return broke{protected(t).Folder(t, "media"), storetest.Env(map[string]string{"PROXYDIAG_WEBDAV_USER": "me", "PROXYDIAG_WEBDAV_PASSWORD": "another/secret+0123456789"}), nil, realServer}
			},
		}, "of a key there is only one"},
		{"no credentials", with{
			"S3": func(t *testing.T) broke {
				return broke{s.s3.URL("media"), storetest.Env(map[string]string{"AWS_EC2_METADATA_DISABLED": "true", "AWS_SHARED_CREDENTIALS_FILE": os.DevNull}), nil, realServer}
			},
			"WebDAV": func(t *testing.T) broke { return broke{protected(t).Folder(t, "media"), dav, nil, realServer} },
			"SFTP": func(t *testing.T) broke {
				server := *s.sftp
				server.Identity = ""
				return broke{server.At(server.Addr, "media"), storetest.None(), nil, realServer}
			},
		}, "folders have none"},
		{"unknown host", with{
			"SFTP": func(t *testing.T) broke {
				server := *s.sftp
				server.Known = os.DevNull
				return broke{server.At(server.Addr, "media"), storetest.None(), nil, realServer}
			},
		}, "TLS tells the host"},
		{"another host's key", with{
			"SFTP": func(t *testing.T) broke {
				server, other := *s.sftp, storetest.StartSFTP(t, "")
				line, err := os.ReadFile(other.Known)
				if err != nil {
					t.Fatal(err)
				}
				_, key, _ := strings.Cut(string(line), " ")
				host, _, _ := strings.Cut(known(t, server.Known), " ")
				server.Known = filepath.Join(t.TempDir(), "known_hosts")
				if err := os.WriteFile(server.Known, []byte(host+" "+key), 0o600); err != nil {
					t.Fatal(err)
				}
				return broke{server.At(server.Addr, "media"), storetest.None(), nil, realServer}
			},
		}, "TLS tells the host"},
		{"wrong region", with{
			"S3": func(*testing.T) broke {
				return broke{strings.Replace(s.s3.URL("media"), s.s3.Region, "us-west-9", 1), s.s3.Env(), nil, realServer}
			},
		}, "they have no regions"},
		{"bucket of another region", fronts(documented, answers(http.StatusMovedPermanently,
			code("PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.")), nil, true), "they have no regions"},
		{"clock skew", fronts(inBetween+" that sets the time of requests back by an hour", func(_ http.ResponseWriter, r *http.Request) bool {
			if then, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date")); err == nil {
				r.Header.Set("X-Amz-Date", then.Add(-time.Hour).Format("20060102T150405Z"))
			}
			return false
		}, nil, true), "they sign no times"},
		{"nothing listens", at(storetest.Nobody(t), nobody), "folders have no address"},
		{"silent", at(storetest.Silent(t), silent), "a folder whose mount hangs counts as unreachable after a minute, which a unit test shows"},
		{"certificate of nobody we trust", overTLS(tls.Listener.Addr().String()), "no TLS"},
		{"TLS to a port without it", with{
			"S3":     func(t *testing.T) broke { return overTLS(s.s3.Addr)["S3"](t) },
			"WebDAV": func(t *testing.T) broke { return overTLS(s.dav.Addr)["WebDAV"](t) },
		}, "no TLS"},
		{"quota or space used up", join(
			with{"folder": func(t *testing.T) broke {
				return broke{folder(t), nil, refusing(syscall.ENOSPC, fixture.ClassFull), simulated}
			}},
			fronts(documented, answers(http.StatusForbidden, code("QuotaExceeded", "The bucket's quota is used up.")), nil, true),
			with{"WebDAV": func(t *testing.T) broke {
				return broke{s.dav.At(storetest.Front(t, s.dav.Addr, answers(http.StatusInsufficientStorage, ""), nil).Listener.Addr().String(), "media"), dav, nil, documented}
			}},
		), "OpenSSH's server says only that it failed; then its file system is asked for its space"},
		{"file too large", with{
			"WebDAV": func(t *testing.T) broke {
				return broke{storetest.StartWebDAV(t, "LimitRequestBody 10000").Folder(t, "media"), dav, nil, realServer}
			},
		}, "no such limit, or the same as the quota's"},
		{"overloaded", fronts(documented, answers(http.StatusServiceUnavailable, code("SlowDown", "Please reduce your request rate.")), nil, false), "they say nothing of it"},
		{"read-only", with{
			"folder": func(t *testing.T) broke {
				return broke{folder(t), nil, refusing(syscall.EROFS, fixture.ClassReadOnly), simulated}
			},
			"S3": fronts(documented, answers(http.StatusMethodNotAllowed, code("MethodNotAllowed", "The specified method is not allowed against this resource.")), nil, true)["S3"],
			"WebDAV": func(t *testing.T) broke {
				return broke{s.dav.At(storetest.Front(t, s.dav.Addr, answers(http.StatusMethodNotAllowed, ""), nil).Listener.Addr().String(), "media"), dav, nil, documented}
			},
		}, "the answer is that of denied access, or the file system is asked"},
		{"cut while it is read", fronts(inBetween, nil, func(r *http.Response) error {
			if r.Request.Method == http.MethodGet && r.ContentLength > 10_000 {
				r.Body = io.NopCloser(io.LimitReader(r.Body, 10_000))
			}
			return nil
		}, false), "bytes that come over SSH are whole"},
		{"seen later", fronts(inBetween, absentTwice(), nil, false), "what was written is there"},
		{"never seen", fronts(inBetween, func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodGet {
				http.NotFound(w, r)
			}
			return r.Method == http.MethodGet
		}, nil, false), "what was written is there"},
		{"other bytes come back", join(fronts(inBetween, nil, func(r *http.Response) error {
			if r.Request.Method == http.MethodGet {
				r.Body = io.NopCloser(&flip{r.Body, 5000})
			}
			return nil
		}, false), wrapped(simulated, func(s fixture.Store) fixture.Store { return flipping{s} })), ""},
	}
}

// known reads a file of known hosts.
func known(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// protected is a WebDAV server that lets only one user in.
func protected(t *testing.T) *storetest.WebDAV {
	t.Helper()
	file := filepath.Join(storage(t), "users")
	// The password is "right", hashed as htpasswd -s does.
	if err := os.WriteFile(file, []byte("me:{SHA}0nofEXcSAJSXFLGvmfBIpBb11vQ=\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return storetest.StartWebDAV(t, fmt.Sprintf("AuthType Basic\nAuthName files\nAuthBasicProvider file\nAuthUserFile %q\nRequire valid-user", file))
}

// absentTwice answers the first two requests for each file with 404.
func absentTwice() func(w http.ResponseWriter, r *http.Request) bool {
	var asked sync.Map
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, fixture.Prefix) {
			return false
		}
		n, _ := asked.LoadOrStore(r.URL.Path, new(atomic.Int32))
		if n.(*atomic.Int32).Add(1) > 2 {
			return false
		}
		http.NotFound(w, r)
		return true
	}
}

// flip changes the byte at an offset.
type flip struct {
	io.ReadCloser
	left int
}

func (f *flip) Read(p []byte) (int, error) {
	n, err := f.ReadCloser.Read(p)
	if f.left >= 0 && f.left < n {
		p[f.left] ^= 1
	}
	f.left -= n
	return n, err
}

// flipping is a storage that gives back other bytes.
type flipping struct{ fixture.Store }

func (f flipping) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	file, err := f.Store.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	return &flip{file, 5000}, nil
}

// refusing makes a storage refuse whatever is put.
func refusing(errno syscall.Errno, class fixture.Class) func(fixture.Store) fixture.Store {
	return func(s fixture.Store) fixture.Store { return refuser{s, errno, class} }
}

type refuser struct {
	fixture.Store
	errno syscall.Errno
	class fixture.Class
}

func (r refuser) Put(_ context.Context, f fixture.Fixture) error {
	return &fixture.Error{Op: "put", Path: r.String() + "/" + f.Name, Class: r.class, Err: r.errno}
}

// TestStorages writes the table of the documentation: what is found where a
// storage fails. No credentials are in anything that is written.
func TestStorages(t *testing.T) {
	t.Parallel()
	s := services{s3: storetest.StartS3(t, "--iam-dir", iam(t)), dav: storetest.StartWebDAV(t, ""), sftp: storetest.StartSFTP(t, "")}
	s.s3.Bucket(t, "media")
	s.dav.Folder(t, "media")
	s.sftp.Folder(t, "media")
	rows := failures(t, s)
	found := make([]map[string]diag.Finding, len(rows))
	hows := make([]map[string]string, len(rows))
	secrets := []string{s.s3.Key, s.s3.Secret, "AKIANOBODY", "AKIAPROXYDIAGOTHER", "another/secret", "another%2Fsecret"}
	t.Run("rows", func(t *testing.T) {
		var mu sync.Mutex
		for i, r := range rows {
			found[i], hows[i] = map[string]diag.Finding{}, map[string]string{}
			for kind, open := range r.with {
				t.Run(strings.ReplaceAll(r.name, " ", "-")+"/"+kind, func(t *testing.T) {
					t.Parallel()
					b := open(t)
					f := firstOfStorage(t, b, secrets)
					mu.Lock()
					defer mu.Unlock()
					found[i][kind], hows[i][kind] = f, b.how
				})
			}
		}
	})
	if t.Failed() {
		return
	}
	for _, left := range []string{s.s3.Root, s.dav.Root, s.sftp.Root} {
		nothingOurs(t, left)
	}
	table, details := tableOf(rows, found, hows)
	const page = "../docs/storages.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, page, betweenMarks(t, betweenMarks(t, string(text), "table", table), "details", details))
}

// iam is a folder for the users of an S3 server.
func iam(t *testing.T) string {
	t.Helper()
	return t.TempDir()
}

// firstOfStorage checks a stack with such a storage, and returns the first
// finding about the storage.
func firstOfStorage(t *testing.T, b broke, secrets []string) diag.Finding {
	t.Helper()
	store, err := all.OpenStore(b.storage, remote.Options{Env: b.env})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if b.wrap != nil {
		store = b.wrap(store)
	}
	dead := "http://" + storetest.Nobody(t)
	o := diag.Observer{Store: store}
	rec := o.Run(t.Context(), diag.Stack{Storage: b.storage, Backend: diag.URL(dead + "/b/"), Proxy: diag.URL(dead + "/p/"), Profile: diag.Quick}, all.Families())
	rep := all.Judge(rec)
	written := marshal(t, rec)
	for _, format := range report.Formats() {
		var b strings.Builder
		if err := format.Write(&b, rep, report.Options{}); err != nil {
			t.Fatal(err)
		}
		written += b.String()
	}
	for _, secret := range secrets {
		if strings.Contains(written, secret) {
			t.Errorf("%s is in the record or in a report", secret)
		}
	}
	for _, f := range rep.Findings {
		if f.Culprit == diag.PartStorage {
			return f
		}
	}
	t.Fatalf("no finding about the storage, the first is: %+v", rep.Findings[:min(1, len(rep.Findings))])
	return diag.Finding{}
}

// nothingOurs checks that no fixture is left in a folder.
func nothingOurs(t *testing.T, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		if err == nil && fixture.IsOurs(path) {
			t.Errorf("%s is left", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// What differs from run to run.
var (
	loopback  = regexp.MustCompile(`127\.\d+\.\d+\.\d+:\d+`)
	requestID = regexp.MustCompile(`\b[0-9A-Z]{16}\b`)
	scratch   = regexp.MustCompile(`/tmp/proxydiag-(?:e2e|sshd|webdav)-\d+/(?:files/)?|/tmp/Test[^ ]*/\d+/`)
	query     = regexp.MustCompile(`\?(?:endpoint|identity|known-hosts)=(?:http|%2F|&)[^ :;]*`)
	took      = regexp.MustCompile(`only \d+(?:\.\d+)?m?s after`)
	waited    = regexp.MustCompile(`there within \d+s`)
	by        = regexp.MustCompile(` \(issued by [^)]*\)`)
	place     = regexp.MustCompile(`in \S*known_hosts,`)
	user      = regexp.MustCompile(`(sftp://)\w+(@)|(a password of the user )\w+`)
)

func settled(text string) string {
	text = loopback.ReplaceAllString(text, "HOST:PORT")
	text = query.ReplaceAllString(text, "")
	text = place.ReplaceAllString(text, "in known_hosts,")
	text = scratch.ReplaceAllString(text, "/srv/")
	text = took.ReplaceAllString(text, "only 600ms after")
	text = waited.ReplaceAllString(text, "there within 10s")
	text = by.ReplaceAllString(text, "")
	text = requestID.ReplaceAllString(text, "ID")
	return user.ReplaceAllString(text, "${1}${3}me${2}")
}

// tableOf are the two parts of the page.
func tableOf(rows []failing, found []map[string]diag.Finding, hows []map[string]string) (table, details string) {
	var b, d strings.Builder
	fmt.Fprintf(&b, "| failure | %s |\n|---|---|---|---|---|\n", strings.Join(storages(), " | "))
	for i, r := range rows {
		fmt.Fprintf(&b, "| %s |", r.name)
		fmt.Fprintf(&d, "### %s\n\n", strings.ToUpper(r.name[:1])+r.name[1:])
		for _, kind := range storages() {
			f, ok := found[i][kind]
			if !ok {
				b.WriteString(" – |")
				continue
			}
			fmt.Fprintf(&b, " [%s](findings/%s.md) |", strings.TrimPrefix(f.Code, "storage-"), f.Code)
			fmt.Fprintf(&d, "- **%s** (%s): %s  \n  → %s\n", kind, hows[i][kind], settled(f.Detail), settled(f.Fix))
		}
		b.WriteString("\n")
		if r.none != "" {
			fmt.Fprintf(&d, "- the others: %s\n", r.none)
		}
		d.WriteString("\n")
	}
	return b.String(), strings.TrimRight(d.String(), "\n") + "\n"
}

// betweenMarks replaces what stands between two marks of a page.
func betweenMarks(t *testing.T, page, mark, text string) string {
	t.Helper()
	begin, end := "<!-- "+mark+" -->\n", "<!-- end of "+mark+" -->\n"
	before, rest, ok := strings.Cut(page, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("the page has no %q", mark)
	}
	return before + begin + text + end + after
}
