package nginx

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

func TestLoadRefusesToWait(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	main := filepath.Join(dir, mainFile)
	if err := os.WriteFile(main, []byte("events {}\ninclude pipe;\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	problems := problemsOf(t, main)
	if len(problems) != 1 || problems[0].Kind != conf.Unreadable || problems[0].Pos.Line != 2 {
		t.Errorf("got %v", problems)
	}
}
