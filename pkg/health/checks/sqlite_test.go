package checks

import (
	"context"
	"database/sql"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// sqliteFile makes a database with a table of an application's.
func sqliteFile(t *testing.T, name, journal string) (string, *sql.DB) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	db, err := sql.Open("sqlite", dsn(path, "mode=rwc"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	for _, query := range []string{"PRAGMA journal_mode=" + journal, "CREATE TABLE orders (name TEXT)", "INSERT INTO orders VALUES ('first')"} {
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	return path, db
}

// around are the files next to a database's, and its content.
func around(t *testing.T, path string) (list []string) {
	t.Helper()
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		list = append(list, f.Name())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return append(list, string(text))
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	for _, journal := range []string{"DELETE", "WAL"} {
		path, db := sqliteFile(t, "100% odd?name#1.sqlite3", journal)
		_ = db.Close() // nobody has it open
		databases(t, func(d database) Check { return &SQLite{Path: path, database: d} })
		db, err := sql.Open("sqlite", dsn(path, unchanging))
		if err != nil {
			t.Fatal(err)
		}
		left(t, db)
		_ = db.Close()
	}
}

// TestSQLiteReads: who only reads leaves everything as it was, whether an
// application has the database open or not, and sees what it has written.
func TestSQLiteReads(t *testing.T) {
	t.Parallel()
	for _, journal := range []string{"DELETE", "WAL"} {
		for _, open := range []bool{true, false} {
			path, db := sqliteFile(t, "shop.db", journal)
			if !open {
				_ = db.Close()
			}
			before := around(t, path)
			for range 2 {
				expect(t, journal, &SQLite{Path: path, database: database{Version: "SELECT name FROM orders", Expect: "first"}}, "")
			}
			if after := around(t, path); !slices.Equal(after, before) {
				t.Errorf("%s, open %v: %q before, %q after", journal, open, before[:len(before)-1], after[:len(after)-1])
			}
			expect(t, journal, &SQLite{Path: path, database: database{Version: "DELETE FROM orders RETURNING name", Expect: "first"}}, "the version cannot be read: attempt to write a readonly database")
		}
	}
}

// TestSQLiteLeft: with a table it leaves no file either, and an application that
// has the database open goes on.
func TestSQLiteLeft(t *testing.T) {
	t.Parallel()
	for _, journal := range []string{"DELETE", "WAL"} {
		path, db := sqliteFile(t, "shop.db", journal)
		before := around(t, path)
		expect(t, journal, &SQLite{Path: path, database: database{Table: "proxydiag_health"}}, "")
		if after := around(t, path); len(after) != len(before) {
			t.Errorf("%s: %q", journal, after[:len(after)-1])
		}
		if _, err := db.ExecContext(t.Context(), "INSERT INTO orders VALUES ('second')"); err != nil {
			t.Error(err)
		}
		_ = db.Close()
		expect(t, journal, &SQLite{Path: path, database: database{Table: "proxydiag_health"}}, "")
		if after := around(t, path); len(after) != 2 {
			t.Errorf("%s: %q", journal, after[:len(after)-1])
		}
	}
}

// TestSQLiteKilled: what a program that was killed has left beside a database is
// read where that needs no writing, and told where it does. The application's
// next opening puts it right, and so does a check that writes.
func TestSQLiteKilled(t *testing.T) {
	t.Parallel()
	copyOf := func(path string, without string) string {
		to := filepath.Join(t.TempDir(), filepath.Base(path))
		if err := os.CopyFS(filepath.Dir(to), os.DirFS(filepath.Dir(path))); err != nil {
			t.Fatal(err)
		}
		if without != "" {
			if err := os.Remove(to + without); err != nil {
				t.Fatal(err)
			}
		}
		return to
	}
	first := database{Version: "SELECT name FROM orders", Expect: "first"}
	path, _ := sqliteFile(t, "shop.db", "WAL")
	whole, partly := copyOf(path, ""), copyOf(path, "-shm")
	for file, want := range map[string]string{whole: "", partly: "its -wal file is there without the -shm file"} {
		before := around(t, file)
		expect(t, file, &SQLite{Path: file, database: first}, want)
		if after := around(t, file); !slices.Equal(after, before) {
			t.Errorf("%q", after[:len(after)-1])
		}
		expect(t, file, &SQLite{Path: file, database: database{Table: "proxydiag_health", Version: first.Version, Expect: "first"}}, "")
	}
	path, db := sqliteFile(t, "shop.db", "DELETE")
	for _, query := range []string{"PRAGMA cache_size = 1", "BEGIN", "UPDATE orders SET name = 'second'",
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO orders SELECT printf('%0500d', i) FROM n"} {
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	hot := copyOf(path, "")
	expect(t, hot, &SQLite{Path: hot, database: first}, "a program was killed while it wrote")
	expect(t, hot, &SQLite{Path: hot, database: database{Table: "proxydiag_health", Version: first.Version, Expect: "first"}}, "")
	expect(t, hot, &SQLite{Path: hot, database: first}, "")
}

func TestSQLiteFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"empty": "", "text": strings.Repeat("this is no database\n", 100), "short": "SQLite format 3\x00"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(dir+"/none", dir+"/dangling"); err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", dir+"/socket")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	rows := database{Table: "proxydiag_health"}
	outcomes(t, map[string][]Check{
		"no such file or directory":       {&SQLite{Path: dir + "/none"}, &SQLite{Path: dir + "/none", database: rows}, &SQLite{Path: dir + "/dangling", database: rows}, &SQLite{Path: dir + "/none/x.db", database: rows}},
		"it is a folder, and no database": {&SQLite{Path: dir}},
		"it is no file, and no database":  {&SQLite{Path: dir + "/socket"}},
		"the file is empty":               {&SQLite{Path: dir + "/empty"}, &SQLite{Path: dir + "/empty", database: rows}},
		"the file is no SQLite database":  {&SQLite{Path: dir + "/text"}, &SQLite{Path: dir + "/text", database: rows}, &SQLite{Path: dir + "/short"}},
		"invalid: sqlite: ":               {&SQLite{}, &SQLite{Path: "shop.db"}, &SQLite{Path: ":memory:"}, &SQLite{Path: "file:/srv/shop.db"}},
		"invalid: table: ":                {&SQLite{Path: dir, database: database{Table: "users"}}},
	})
	if files, err := os.ReadDir(dir); err != nil || len(files) != 5 {
		t.Errorf("files were made: %v %v", files, err)
	}
}

// TestSQLiteExclusive: an application that has the database for itself in WAL mode
// makes no -shm file.
func TestSQLiteExclusive(t *testing.T) {
	t.Parallel()
	path, db := sqliteFile(t, "shop.db", "DELETE")
	for _, query := range []string{"PRAGMA locking_mode = EXCLUSIVE", "PRAGMA journal_mode = WAL", "INSERT INTO orders VALUES ('second')"} {
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	before := around(t, path)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := (&SQLite{Path: path}).Check(ctx)
	if err == nil || !strings.Contains(err.Error(), "or it has the database for itself") {
		t.Error(err)
	}
	if after := around(t, path); !slices.Equal(after, before) || len(before) != 3 {
		t.Errorf("%q before, %q after", before[:len(before)-1], after[:len(after)-1])
	}
}

// TestSQLiteLocked: a lock is waited for as long as the check may take, and is
// what the check says then.
func TestSQLiteLocked(t *testing.T) {
	t.Parallel()
	for journal, checks := range map[string][]*SQLite{"DELETE": {{}, {database: database{Table: "proxydiag_health"}}}, "WAL": {{database: database{Table: "proxydiag_health"}}}} {
		path, db := sqliteFile(t, "shop.db", journal)
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
			t.Fatal(err)
		}
		for _, c := range checks {
			c.Path = path
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			_, err := c.Check(ctx)
			if err == nil || !strings.Contains(err.Error(), "the database was locked for ") {
				t.Errorf("%s: %v", journal, err)
			}
			cancel()
		}
		if journal == "WAL" { // its readers are not kept out
			expect(t, journal, &SQLite{Path: path}, "")
		}
		if _, err := conn.ExecContext(t.Context(), "COMMIT"); err != nil {
			t.Error(err)
		}
		_ = conn.Close()
		expect(t, journal, checks[0], "")
	}
}
