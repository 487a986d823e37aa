package e2e

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/internal/storetest"
	"github.com/proxydiag/proxydiag/nginx"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/fixture/remote"
)

// TestStorageParity downloads one fixture twice through one proxy, from a folder
// and from a bucket, and has `proxydiag compare` say what differs.
func TestStorageParity(t *testing.T) {
	t.Parallel()
	server := storetest.StartS3(t)
	server.Bucket(t, public)
	server.Policy(t, public, "s3:GetObject")
	backend, files := listen(t), storage(t)
	s := sample(t, nginx.Kind, "downloads.conf")
	s.Text = locations(download+internal+"location /objects/ {\ninternal;\n"+hidden+"proxy_pass http://127.0.0.1:8003/public/;\n}")(t, s.Text)
	st := start(t, nginx.Kind, s, backend.Addr().String(), files, replaceAddress(server.Addr))
	serve(t, backend, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Accel-Redirect", strings.TrimPrefix(r.URL.EscapedPath(), "/dl"))
		w.Header().Set("Content-Type", "application/pdf")
		w.Header().Set("Content-Disposition", "attachment")
		w.Header().Set("Cache-Control", "private")
		w.Header().Set("Content-Length", "0")
	}))
	bucket, err := all.OpenStore(server.URL(public), remote.Options{Env: server.Env()})
	if err != nil {
		t.Fatal(err)
	}
	defer bucket.Close()
	f := fixture.New("parity", ".bin", 200_000)
	for _, store := range []fixture.Store{fixture.OpenDir(st.Sample.Storage), bucket} {
		set := fixture.NewSet(store)
		if err := set.Put(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := set.Cleanup(t.Context()); err != nil {
				t.Error(err)
			}
		}()
	}
	out, err := exec.CommandContext(t.Context(), built(t), "compare", "--format", "json",
		st.proxyURL("/dl/protected/"+f.Name), st.proxyURL("/dl/objects/"+f.Name)).Output()
	if exited, ok := errors.AsType[*exec.ExitError](err); !ok || exited.ExitCode() != 1 {
		t.Fatalf("compare: %v, want exit status 1\n%s", err, out)
	}
	var told struct {
		Compared    bool
		Differences []struct{ Field, Verdict, Meaning string }
	}
	if err := json.Unmarshal(out, &told); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, d := range told.Differences {
		if d.Meaning == "" {
			t.Errorf("no meaning of %s", d.Field)
		}
		got[d.Field] = d.Verdict
	}
	want := map[string]string{"Content-Type": "changed", "ETag": "changed"} // and not the body
	if d := cmp.Diff(want, got); d != "" || !told.Compared {
		t.Errorf("differences (-want +got):\n%s\n%s", d, out)
	}
}

// built builds the program.
func built(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "proxydiag")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../cmd/proxydiag").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// TestFixtureCommands puts, verifies, removes and sweeps fixtures in a storage of
// each kind by the commands, whose arguments name no secret.
func TestFixtureCommands(t *testing.T) {
	t.Parallel()
	binary := built(t)
	s3, dav, sftp := storetest.StartS3(t), protected(t), storetest.StartSFTP(t, "")
	s3.Bucket(t, private)
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "PROXYDIAG_WEBDAV_USER=me", "PROXYDIAG_WEBDAV_PASSWORD=right"}
	for name, value := range s3.Vars() {
		env = append(env, name+"="+value)
	}
	run := func(t *testing.T, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), binary, append([]string{"fixture"}, args...)...)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("fixture %q: %v\n%s", args, err, out)
		}
		if text := string(out) + strings.Join(args, " "); strings.Contains(text, s3.Secret) || strings.Contains(text, s3.Key) || strings.Contains(text, "right") {
			t.Errorf("a secret is in the command or in what it prints: %s", text)
		}
		return strings.TrimSpace(string(out))
	}
	for kind, storage := range map[string]string{"s3": s3.URL(private + "/x"), "webdav": dav.Folder(t, "media"), "sftp": sftp.Folder(t, "media")} {
		t.Run(kind, func(t *testing.T) {
			ticket := run(t, "put", "--storage", storage, "--size", "65M")
			if told := run(t, "verify", ticket, storage); !strings.Contains(told, "each as it was put") {
				t.Errorf("verify: %s", told)
			}
			run(t, "remove", "--storage", storage, ticket)
			name, _, _ := strings.Cut(run(t, "put", "--storage", storage), ":")
			if swept := run(t, "sweep", "--storage", storage); swept != "" {
				t.Errorf("a young fixture is swept: %s", swept)
			}
			if swept := run(t, "sweep", "--storage", storage, "--older-than", "0s"); swept != name {
				t.Errorf("swept %q, want %q", swept, name)
			}
		})
	}
	for _, root := range []string{s3.Root, dav.Root, sftp.Root} {
		nothingOurs(t, root)
	}
}
