package checks

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/proxydiag/proxydiag/pkg/health"
)

// SQLite asks a SQLite database. It never makes the file, and without Table
// writes nothing: neither into the database nor files beside it.
//
// A program that has the same file open in its own process by another driver
// asks over that one instead: two copies of SQLite in one process take away each
// other's locks (SQLite's "How To Corrupt", section 2.2.1).
type SQLite struct {
	Path string `yaml:"sqlite" path:"file" doc:"the database's file"`
	database
}

// lockedFor is how long a lock is waited for at most: meanwhile nothing ends the
// check.
const lockedFor = 20 * time.Second

// Validate implements [Check].
func (c *SQLite) Validate() error {
	if !filepath.IsAbs(c.Path) {
		return errors.New("sqlite: write the file's whole path")
	}
	return c.validate()
}

// Check implements [Check].
func (c *SQLite) Check(ctx context.Context) (health.Observation, error) {
	path, err := databaseFile(c.Path)
	if err != nil {
		return none(err)
	}
	wait := lockedFor
	if end, ok := ctx.Deadline(); ok {
		left := time.Until(end)
		wait = min(wait, max(left/2, left-time.Second)) // so that there is time to say what it was
	}
	o, err := c.ask(ctx, path, wait)
	return o, refused(ctx, explained(err, wait))
}

// databaseFile is the file that a path leads to, next to which SQLite looks for
// the others. It is not opened: closing it would end the locks that this process
// holds on it (fcntl(2)).
func databaseFile(path string) (string, error) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", bare(err)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", bare(err)
	case info.IsDir():
		return "", errors.New("it is a folder, and no database")
	case !info.Mode().IsRegular():
		return "", errors.New("it is no file, and no database")
	case info.Size() == 0:
		return "", errors.New("the file is empty: there is no table in it")
	}
	return path, nil
}

// How SQLite opens a file (its "URI Filenames"): none makes it. reading makes no
// file beside it either; unchanging takes no locks and looks at no other file.
const (
	writing    = "mode=rw"
	reading    = "mode=ro&readonly_shm=1"
	unchanging = "mode=ro&immutable=1"
)

// ask asks the database. In WAL mode what was written last is in a -wal file, and
// SQLite makes an empty one where there is none. But where there is none the
// database is whole without it and, until there is one, does not change.
func (c *SQLite) ask(ctx context.Context, path string, wait time.Duration) (health.Observation, error) {
	if c.Table != "" {
		return c.askIn(ctx, path, writing, wait)
	}
	if there(path+"-wal") && there(path+"-shm") {
		return c.askIn(ctx, path, reading, wait)
	}
	wal, err := inWAL(ctx, path)
	switch {
	case err != nil:
		return none(err)
	case !wal:
		return c.askIn(ctx, path, reading, wait)
	case filled(path + "-wal"):
		o, err := c.askIn(ctx, path, reading, wait)
		if codeOf(err) == sqlite3.SQLITE_CANTOPEN {
			err = errors.New("its -wal file is there without the -shm file, so that nobody can read it who may not write: the application puts that right when it opens the database")
		}
		return o, err
	}
	o, err := c.askIn(ctx, path, unchanging, wait)
	if filled(path+"-wal") && there(path+"-shm") {
		return c.askIn(ctx, path, reading, wait) // somebody has opened it meanwhile
	}
	return o, err
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func filled(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Size() > 0
}

// inWAL says that a database is in WAL mode: "File format write version" and
// "read version" in its header are 2 ("Database File Format", section 1.3).
func inWAL(ctx context.Context, path string) (bool, error) {
	db, err := sql.Open("sqlite", dsn(path, unchanging))
	if err != nil {
		return false, err
	}
	defer func() { _ = db.Close() }()
	var versions []byte
	err = db.QueryRowContext(ctx, "SELECT substr(data, 19, 2) FROM sqlite_dbpage WHERE pgno = 1").Scan(&versions)
	return bytes.Contains(versions, []byte{2}), err
}

// dsn is how a file is named for the driver.
func dsn(path, mode string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/…
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: mode}).String()
}

func (c *SQLite) askIn(ctx context.Context, path, mode string, wait time.Duration) (health.Observation, error) {
	db, err := sql.Open("sqlite", dsn(path, fmt.Sprintf("%s&_pragma=busy_timeout(%d)", mode, wait.Milliseconds())))
	if err != nil {
		return none(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	var version int // to open it and to ping it read nothing
	if err := db.QueryRowContext(ctx, "PRAGMA schema_version").Scan(&version); err != nil {
		return none(err)
	}
	return c.check(ctx, db, questions)
}

// codeOf is SQLite's result code of an error, without its extension; 0 for
// another error.
func codeOf(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// explained is an error of SQLite's in words, where its own are not enough.
func explained(err error, wait time.Duration) error {
	switch codeOf(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("the database was locked for %s: another program's transaction does not end, or it has the database for itself (locking_mode)", wait.Round(100*time.Millisecond))
	case sqlite3.SQLITE_CANTOPEN:
		return errors.New("the database cannot be opened: proxydiag's user may not read the file or the -wal and -shm files beside it")
	case sqlite3.SQLITE_NOTADB:
		return errors.New("the file is no SQLite database, or an encrypted one")
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok && e.Code() == sqlite3.SQLITE_READONLY_ROLLBACK {
		return errors.New("a program was killed while it wrote, and its -journal file is there: the application puts that right when it opens the database")
	}
	return err
}
