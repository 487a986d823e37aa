package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/internal/picture"
	"github.com/proxydiag/proxydiag/nginx"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
	"github.com/proxydiag/proxydiag/pkg/server"
)

const pictures = "../docs/pictures"

// TestPictures holds the terminal pictures of README.md to what the commands
// print; make pictures draws them anew. What differs from run to run, ports and
// names and times, is made the same in the record of the run, which judge then
// prints; what another program than judge prints is taken as it is.
func TestPictures(t *testing.T) {
	binary := build(t)
	need.Server(t, nginx.Kind.Program)
	here := server.Placeholders()

	t.Run("demo", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		told, rec := aRun(t, binary, dir, "demo", "--break", "backend-wrong-dialect")
		text := picturedOf(t, binary, dir, rec, filepath.Dir(rec.Stack.Storage), "/tmp/proxydiag-demo")
		draw(t, "demo", picture.Screen{Command: "proxydiag demo --break backend-wrong-dialect", Output: told + text, Until: "Checks"})
	})

	t.Run("write", func(t *testing.T) {
		t.Parallel()
		media, dir, backend := storage(t), t.TempDir(), freeAddr(t)
		st := start(t, nginx.Kind, sample(t, nginx.Kind, "downloads.conf"), backend, media, replace(t, "internal;\n        alias "+media+"/;", "internal;\n        root "+media+";"))
		proxydiag(t, binary, dir, "init", "--sample", "nginx", "--storage", media, "--backend", backend)
		rewrite(t, dir, func(text string) string {
			text = strings.ReplaceAll(text, here.Listen, st.Proxy.Addr())
			return strings.Replace(text, "internal;\n        alias "+media+"/;", "internal;\n        root "+media+";", 1)
		})
		_, rec := aRun(t, binary, dir, "check", "--stack", "downloads", "--companion")
		draw(t, "write", picture.Screen{Command: "proxydiag check --stack downloads --companion", Output: picturedOf(t, binary, dir, rec, rec.Stack.Storage, here.Storage), Until: "Checks"})
	})

	t.Run("check", func(t *testing.T) {
		t.Parallel()
		media, dir := storage(t), t.TempDir()
		s := sample(t, nginx.Kind, "downloads.conf")
		l := listen(t)
		st := start(t, nginx.Kind, s, l.Addr().String(), media, nil)
		spec, err := sendfile.ParseSpec(st.Sample.Sendfile, media)
		if err != nil {
			t.Fatal(err)
		}
		serve(t, l, &application{Storage: media, Base: s.Path, Spec: spec})
		_, rec := aRun(t, binary, dir, "check", "--storage", media, "--backend", st.backendURL(s.Path), "--proxy", st.proxyURL(s.Path))
		draw(t, "check", picture.Screen{
			Command: "proxydiag check --storage " + here.Storage + " \\\n    --backend http://" + here.Backend + s.Path + " --proxy http://" + here.Listen + s.Path,
			Output:  picturedOf(t, binary, dir, rec, rec.Stack.Storage, here.Storage),
		})
	})

	t.Run("lint", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		write(t, filepath.Join(dir, "site.conf"), released)
		out, _ := printed(t, binary, dir, "lint", "site.conf")
		draw(t, "lint", picture.Screen{Command: "proxydiag lint site.conf", Output: out})
	})

	t.Run("gate", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		text, _, _ := strings.Cut(strings.Replace(released, "alias /srv/media/;", "alias /srv/media;", 1), "\n    location /img")
		write(t, filepath.Join(dir, "site.conf"), text+"}\n")
		out, _ := printed(t, binary, dir, "gate", "site.conf")
		out = tagged.ReplaceAllString(out, "-0000000000000001")
		draw(t, "gate", picture.Screen{Command: "proxydiag gate site.conf", Output: out, From: "Evidence", To: "Fix", Until: "Checks"})
	})
}

// released is a configuration of which lint has something to say.
const released = `server {
    listen 8080;

    location /dl/ {
        proxy_pass http://127.0.0.1:8000;
    }

    location /protected/ {
        internal;
        alias /srv/media/;
    }

    location /img {
        alias /srv/img/;
    }

    location /media/ {
        alias /srv/media/;
    }
}
`

// aRun runs a command that finds something or nothing: what it tells beside
// its report, and the record without what differs from run to run.
func aRun(t *testing.T, binary, dir string, args ...string) (told string, rec *diag.Record) {
	t.Helper()
	file := filepath.Join(dir, "run.json")
	_, told = printed(t, binary, dir, append(args, "--record", file)...)
	text, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	rec, err = diag.ReadRecord(text)
	if err != nil {
		t.Fatal(err)
	}
	return told, steady(t, rec)
}

// picturedOf is what judge prints of a record, with another name for a folder.
func picturedOf(t *testing.T, binary, dir string, rec *diag.Record, folder, name string) string {
	t.Helper()
	file := filepath.Join(dir, "steady.json")
	write(t, file, strings.ReplaceAll(saved(t, rec), folder, name))
	out, told := printed(t, binary, dir, "judge", file)
	if told != "" {
		t.Errorf("judge: %s", told)
	}
	return out
}

// printed is what a command prints on a terminal of 80 columns.
func printed(t *testing.T, binary, dir string, args ...string) (out, told string) {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd := exec.Command(binary, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	cmd.Env = append(os.Environ(), "CLICOLOR_FORCE=1", "NO_COLOR=")
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return stdout.String(), stderr.String()
}

// draw holds a picture to the one of the documentation, or draws it anew.
func draw(t *testing.T, name string, s picture.Screen) {
	t.Helper()
	file, got := filepath.Join(pictures, name+".svg"), s.SVG()
	if *update {
		write(t, file, got)
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; make pictures draws it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is stale, make pictures draws it anew (-file +run):\n%s", file, diff)
	}
}
