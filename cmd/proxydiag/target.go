package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// target is a file that is opened before anything runs, so that what cannot be
// written is told at once, and that is written when all is known. What was in
// it stays until then.
type target struct {
	flag, what string
	file       *os.File // nil: there is none, or it was written
	created    bool     // the file was not there before
}

// openTarget opens the file that a flag names. what is what goes into it. A
// file that is made gets the mode; one that is there keeps its own.
func openTarget(flag, what, path string, mode fs.FileMode) (*target, error) {
	t := &target{flag: flag, what: what}
	_, err := os.Stat(path)
	t.created = errors.Is(err, fs.ErrNotExist)
	t.file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE, mode)
	if err != nil {
		return nil, t.failed(path, err)
	}
	return t, nil
}

func (t *target) failed(path string, err error) error {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return fmt.Errorf("%s %s: the %s cannot be written: %w; give a file that may be written", t.flag, path, t.what, err)
}

// is says that two targets, one of which may be none, are the same file,
// whatever it is called.
func (t *target) is(other *target) bool {
	return t != nil && other != nil && sameFile(t.file, other.file)
}

func sameFile(a, b *os.File) bool {
	if a == nil || b == nil {
		return false
	}
	first, err1 := a.Stat()
	second, err2 := b.Stat()
	return err1 == nil && err2 == nil && first.Mode().IsRegular() && os.SameFile(first, second)
}

// write writes the file and closes it.
func (t *target) write(data []byte) error {
	file := t.file
	n, err := file.Write(data)
	if info, failed := file.Stat(); err == nil && failed == nil && info.Mode().IsRegular() {
		err = file.Truncate(int64(n)) // what an older and longer one has more
	}
	err = errors.Join(err, file.Close())
	t.file = nil
	return t.failed(file.Name(), err)
}

// discard ends a target that nothing was written to.
func (t *target) discard() {
	if t == nil || t.file == nil {
		return
	}
	_ = t.file.Close()
	if t.created {
		_ = os.Remove(t.file.Name())
	}
}
