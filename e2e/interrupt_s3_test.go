package e2e

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/proxydiag/proxydiag/internal/storetest"
	"github.com/proxydiag/proxydiag/pkg/fixture"
)

// TestInterruptedUpload interrupts `fixture put` within an upload in parts: it
// takes the parts away. One that is killed leaves them, and sweep does it.
func TestInterruptedUpload(t *testing.T) {
	t.Parallel()
	binary := built(t)
	server := storetest.StartS3(t)
	server.Bucket(t, private)
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	for name, value := range server.Vars() {
		env = append(env, name+"="+value)
	}
	core := minio.Core{Client: server.Client}
	uploads := func() []minio.ObjectMultipartInfo {
		list, err := core.ListMultipartUploads(t.Context(), private, fixture.Prefix, "", "", "", 10)
		if err != nil {
			t.Fatal(err)
		}
		return list.Uploads
	}
	for _, c := range []struct {
		signal os.Signal
		left   int
	}{{os.Interrupt, 0}, {os.Kill, 1}} {
		put := exec.CommandContext(t.Context(), binary, "fixture", "put", "--storage", server.URL(private), "--size", "64G")
		put.Env = env
		if err := put.Start(); err != nil {
			t.Fatal(err)
		}
		for begun := time.Now(); len(uploads()) == 0; {
			if time.Since(begun) > 20*time.Second {
				t.Fatal("no upload begins")
			}
		}
		if err := put.Process.Signal(c.signal); err != nil {
			t.Fatal(err)
		}
		if err := put.Wait(); err == nil {
			t.Error("the command succeeds")
		}
		if got := uploads(); len(got) != c.left {
			t.Errorf("after %v: %d unfinished uploads, want %d", c.signal, len(got), c.left)
		}
	}
	sweep := exec.CommandContext(t.Context(), binary, "fixture", "sweep", "--storage", server.URL(private), "--older-than", "0s")
	sweep.Env = env
	if out, err := sweep.CombinedOutput(); err != nil || len(out) == 0 {
		t.Errorf("sweep: %v\n%s", err, out)
	}
	if got := uploads(); len(got) > 0 {
		t.Errorf("after sweep: %d unfinished uploads", len(got))
	}
}
