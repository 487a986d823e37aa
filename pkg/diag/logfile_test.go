package diag

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLogOverARotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "error.log")
	write := func(text string) {
		t.Helper()
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write("before the run\n")
	tail := tailLog(path)
	write("open() \"/srv/proxydiag-main-1\" failed, request: \"GET /dl/proxydiag-main-1 HTTP/1.1\"\n")
	write("someone else's, request: \"GET /dl/secret HTTP/1.1\"\nupst")
	tail.more()
	write("ream is down\nlast of the old file\n")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write("first of the new file\nwithout an end")
	got := tail.end()
	want := &Log{Path: path, Lines: []string{
		"open() \"/srv/proxydiag-main-1\" failed, request: \"GET /dl/proxydiag-main-1 HTTP/1.1\"",
		"upstream is down", "last of the old file", "first of the new file", "without an end",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLogThatIsMadeDuringTheRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "error.log")
	tail := tailLog(path)
	if err := os.WriteFile(path, []byte("hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"hello"}, tail.end().Lines); diff != "" {
		t.Error(diff)
	}
}

func TestLogThatCannotBeRead(t *testing.T) {
	got := tailLog(t.TempDir()).end()
	if got.Failure == "" || len(got.Lines) != 0 {
		t.Errorf("a folder is no log: got %+v", got)
	}
}
