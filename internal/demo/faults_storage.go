package demo

import (
	"context"
	"io"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/proxydiag/proxydiag/pkg/fixture"
)

func storageFaults() []Fault {
	return []Fault{
		{"storage-unreachable", "The storage's folder is not there: the mount is missing.", func(s *setup) {
			s.stack.Storage = filepath.Join(s.storage, "not-mounted")
			s.store = fixture.OpenDir(s.stack.Storage)
		}},
		{"storage-not-writable", "The storage's disk is full.", func(s *setup) {
			s.store = fullStore{fixture.OpenDir(s.storage)}
		}},
		{"storage-not-readable", "The storage takes files and fails to read them.", func(s *setup) {
			s.store = readStore{fixture.OpenDir(s.storage), func(io.ReadCloser) (io.ReadCloser, error) { return nil, syscall.EIO }}
		}},
		{"storage-corrupt", "The storage gives back files with one wrong byte.", func(s *setup) {
			s.store = readStore{fixture.OpenDir(s.storage), func(file io.ReadCloser) (io.ReadCloser, error) {
				return &flipped{ReadCloser: file, at: 100_000}, nil
			}}
		}},
		{"storage-visible-late", "The storage shows a file only to who asks for the second time.", func(s *setup) {
			s.store = lateStore{fixture.OpenDir(s.storage), new(sync.Map)}
		}},
	}
}

// lateStore shows later what was written.
type lateStore struct {
	*fixture.Dir
	asked *sync.Map
}

// Settle implements [fixture.Settler].
func (s lateStore) Settle() time.Duration { return 10 * time.Second }

// Open implements [fixture.Store].
func (s lateStore) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if _, before := s.asked.LoadOrStore(name, true); !before {
		return nil, &fixture.Error{Op: "open", Path: filepath.Join(s.Path(), name), Class: fixture.ClassMissing, Err: syscall.ENOENT}
	}
	return s.Dir.Open(ctx, name)
}

// fullStore is a folder on a full disk.
type fullStore struct{ *fixture.Dir }

// Put implements [fixture.Store].
func (s fullStore) Put(_ context.Context, f fixture.Fixture) error {
	return &fixture.Error{Op: "put", Path: filepath.Join(s.Path(), f.Name), Class: fixture.ClassFull, Err: syscall.ENOSPC}
}

// readStore is a folder whose files read otherwise.
type readStore struct {
	*fixture.Dir
	wrap func(io.ReadCloser) (io.ReadCloser, error)
}

// Open implements [fixture.Store].
func (s readStore) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	file, err := s.Dir.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	wrapped, err := s.wrap(file)
	if err != nil {
		_ = file.Close() // the other error says more
		return nil, &fixture.Error{Op: "open", Path: filepath.Join(s.Path(), name), Class: fixture.ClassOther, Err: err}
	}
	return wrapped, nil
}

// flipped is a file with one wrong byte.
type flipped struct {
	io.ReadCloser
	at, read int64
}

// Read implements [io.Reader].
func (f *flipped) Read(p []byte) (int, error) {
	n, err := f.ReadCloser.Read(p)
	if i := f.at - f.read; i >= 0 && i < int64(n) {
		p[i] ^= 1
	}
	f.read += int64(n)
	return n, err
}
