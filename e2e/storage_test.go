package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/pkg/fixture"
)

func TestStorage(t *testing.T) { try(t, storageRows()) }

func storageRows() []row {
	return []row{
		{name: "folder absent", code: "storage-unreachable",
			flags: func(s *setup) { s.Stack.Storage = "/srv/media/nowhere" }},
		{name: "file in the folder's place", code: "storage-unreachable",
			flags: func(s *setup) { s.Stack.Storage = "/srv/media/report.txt" }},
		{name: "folder through a link", near: "storage-unreachable",
			flags: func(s *setup) { s.Stack.Storage = "/srv/link" }},
		{name: "another folder than the proxy's", code: "handoff-not-found", near: "storage-unreachable storage-not-readable",
			flags: func(s *setup) { s.Stack.Storage = "/srv/pages" }, only: companion},

		{name: "full disk", code: "storage-not-writable",
			flags: func(s *setup) { s.Store = broken{put: syscall.ENOSPC}.over }},
		{name: "read-only storage with a fixed file", near: "storage-not-writable",
			file: "report.txt", flags: func(s *setup) { s.Store = broken{put: syscall.EROFS}.over }},

		{name: "read fails", code: "storage-not-readable",
			flags: func(s *setup) { s.Store = broken{open: syscall.EIO}.over }},
		{name: "readable by us and not by the worker", code: "handoff-forbidden", near: "storage-not-readable",
			flags: func(s *setup) { s.asRoot(); s.Mode = 0o600 }},

		{name: "shown only later", code: "storage-visible-late",
			flags: func(s *setup) { s.Store = late }},
		{name: "may be shown later, and is there at once", near: "storage-visible-late storage-not-readable",
			flags: func(s *setup) { s.Store = func(dir *fixture.Dir) fixture.Store { return settling{dir} } }},

		{name: "other bytes come back", code: "storage-corrupt",
			flags: func(s *setup) { s.Store = broken{flip: true}.over }},
		{name: "other bytes come from the proxy", code: "proxy-body-altered", near: "storage-corrupt",
			site: in("location /protected/", "sub_filter_types *; sub_filter http://old.example https://new.example;"),
			file: "report.txt"},
	}
}

// settling is a storage that may show later what was written.
type settling struct{ *fixture.Dir }

func (settling) Settle() time.Duration { return 10 * time.Second }

// lateStore shows a file to who has asked for it once before.
type lateStore struct {
	settling
	asked *sync.Map
}

func late(dir *fixture.Dir) fixture.Store { return lateStore{settling{dir}, new(sync.Map)} }

func (s lateStore) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if _, before := s.asked.LoadOrStore(name, true); !before {
		return nil, &fixture.Error{Op: "open", Path: name, Class: fixture.ClassMissing, Err: syscall.ENOENT}
	}
	return s.Dir.Open(ctx, name)
}

// broken is a folder on a disk with a fault.
type broken struct {
	*fixture.Dir
	put, open error
	flip      bool // the last byte of what is read is another
}

func (b broken) over(dir *fixture.Dir) fixture.Store { b.Dir = dir; return b }

func (b broken) fail(op, name string, err error) error {
	class := map[error]fixture.Class{syscall.ENOSPC: fixture.ClassFull, syscall.EROFS: fixture.ClassReadOnly}[err]
	if class == "" {
		class = fixture.ClassOther
	}
	return &fixture.Error{Op: op, Path: b.Path() + "/" + name, Class: class, Err: err}
}

func (b broken) Put(ctx context.Context, f fixture.Fixture) error {
	if b.put != nil {
		return b.fail("put", f.Name, b.put)
	}
	return b.Dir.Put(ctx, f)
}

func (b broken) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if b.open != nil {
		return nil, b.fail("open", name, b.open)
	}
	file, err := b.Dir.Open(ctx, name)
	if err != nil || !b.flip {
		return file, err
	}
	content, err := io.ReadAll(file)
	if err == nil && len(content) > 0 {
		content[len(content)-1] ^= 1
	}
	return io.NopCloser(bytes.NewReader(content)), errors.Join(err, file.Close())
}
