package serve

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// mark is what tells that a file has changed.
type mark struct {
	size int64
	time time.Time
}

func markOf(path string) (mark, error) {
	info, err := os.Stat(path)
	if err != nil {
		return mark{}, err
	}
	return mark{info.Size(), info.ModTime()}, nil
}

// certificate is one that is read again when its files have changed. A new one
// that does not fit together leaves the old one in use: its files may be half
// written.
type certificate struct {
	files TLS
	log   *slog.Logger

	mu    sync.Mutex
	marks [2]mark
	cert  *tls.Certificate
}

func (c *certificate) load() error {
	var marks [2]mark
	for i, file := range []string{c.files.Cert, c.files.Key} {
		var err error
		if marks[i], err = markOf(file); err != nil {
			return err
		}
	}
	if marks == c.marks {
		return nil
	}
	c.marks = marks
	cert, err := tls.LoadX509KeyPair(c.files.Cert, c.files.Key)
	if err != nil {
		return err
	}
	c.cert = &cert
	return nil
}

// get is for [tls.Config.GetCertificate].
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.cert
	if err := c.load(); err != nil {
		c.log.Error("the certificate cannot be read again; the one before stays in use", "error", err)
	} else if c.cert != before {
		c.log.Info("the certificate was read again")
	}
	return c.cert, nil
}

// tokenFile is a token that is read again when its file has changed.
type tokenFile struct {
	path   string
	log    *slog.Logger
	redact *Redactor

	mu    sync.Mutex
	mark  mark
	token string
}

func (t *tokenFile) load() error {
	m, err := markOf(t.path)
	if err != nil {
		return unread(err)
	}
	if m == t.mark {
		return nil
	}
	text, err := os.ReadFile(t.path)
	if err != nil {
		return unread(err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" || strings.ContainsAny(token, " \t\r\n") {
		return errors.New("it is to hold one token, and nothing else")
	}
	t.mark, t.token = m, token
	t.redact.Add(token)
	return nil
}

// unread is an error without the file's name, in whose place a token may stand.
func unread(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return fmt.Errorf("the file with the token in it cannot be read: %w", err)
}

// get is the token as it is now; "", with which nobody is let in, where it
// cannot be read any more.
func (t *tokenFile) get() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.load(); err != nil {
		if t.token != "" {
			t.log.Error("the token cannot be read again; nobody is let in by one", "error", err)
		}
		t.token, t.mark = "", mark{}
	}
	return t.token
}

// replaceFile writes a file so that at any time the old or the new one is
// there, whole.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		if e, ok := errors.AsType[*os.LinkError](err); ok {
			err = e.Err // the names are those of path
		}
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
