package checks

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/servicetest"
)

// migrationFiles makes a folder of them.
func migrationFiles(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// databases are the cases that are the same for every database. of makes a
// check; readOnly is true for a user who may not write.
func databases(t *testing.T, of func(d database) Check) {
	t.Helper()
	files := migrationFiles(t, "0001_initial.py", "0041_old.py", "0042_add_price.py", "__init__.py", "README")
	outcomes(t, map[string][]Check{
		"": {of(database{}), of(database{Table: "proxydiag_health"}), of(database{Table: "proxydiag_health"}),
			of(database{Version: "SELECT '0042_add_price'", Migrations: files}),
			of(database{Version: "SELECT '0042_add_price'", Migrations: files + "/*.py"}),
			of(database{Version: "SELECT 42", Expect: "42"})},
		"warning: it answers, and took": {of(database{Warn: 1})},
		"migrations are not applied: the database is at 0041_old, the newest is 0042_add_price": {of(database{Version: "SELECT '0041_old'", Migrations: files})},
		"migrations are not applied: the database is at no version":                             {of(database{Version: "SELECT NULL", Migrations: files}), of(database{Version: "SELECT 1 FROM (SELECT 1 AS a) AS x WHERE a = 2", Migrations: files})},
		"warning: the database is at 0043_next":                                                 {of(database{Version: "SELECT '0043_next'", Migrations: files})},
		"the database is at 41, and should be at 42":                                            {of(database{Version: "SELECT 41", Expect: "42"})},
		"the version cannot be read":                                                            {of(database{Version: "SELECT nothing FROM nowhere", Expect: "42"})},
		"migrations: no file":                                                                   {of(database{Version: "SELECT 41", Migrations: files + "/none"})},
		"invalid: table: ":                                                                      {of(database{Table: "users"}), of(database{Table: "proxydiag; DROP TABLE users"})},
		"invalid: version: ":                                                                    {of(database{Expect: "1"}), of(database{Version: "SELECT 1"}), of(database{Version: "SELECT 1", Expect: "1", Migrations: files})},
	})
}

// left says how many rows are left in our table.
func left(t *testing.T, db *sql.DB) {
	t.Helper()
	var n int
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM proxydiag_health").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows are left, %v", n, err)
	}
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	s := servicetest.Postgres(t, "owner", hush)
	url := func(user, base string) string {
		return "postgres://" + user + ":" + hushInURL + "@" + s.Addr + "/" + base
	}
	main := url("owner", "postgres")
	databases(t, func(d database) Check { return &Postgres{URL: main, database: d} })
	db, err := sql.Open("postgres", main+"?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	left(t, db)
	for _, query := range []string{"CREATE ROLE reader LOGIN PASSWORD '" + hush + "'", "GRANT SELECT ON proxydiag_health TO reader", "CREATE DATABASE other"} {
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	words := "host=" + s.Host + " port=" + s.Port + " user=owner dbname=postgres"
	outcomes(t, map[string][]Check{
		"":                                     {&Postgres{URL: words, Password: hush}, &Postgres{URL: url("reader", "postgres")}},
		"a row cannot be made: pq: permission": {&Postgres{URL: url("reader", "postgres"), database: database{Table: "proxydiag_health"}}},
		"the table proxydiag_x cannot be ma":   {&Postgres{URL: url("reader", "postgres"), database: database{Table: "proxydiag_x"}}},
		"pq: database \"none\" does not":       {&Postgres{URL: url("owner", "none")}},
		"pq: password authentication":          {&Postgres{URL: words, Password: hush + "x"}},
		"invalid: postgres: ":                  {&Postgres{}, &Postgres{URL: "postgres://u:" + hushInURL + "@h:port/x"}},
	})
	_ = db.Close()
	s.Stop(t)
	if got := outcome(t, &Postgres{URL: main}); !strings.Contains(got, "connection refused") || strings.Contains(got, hush) {
		t.Errorf("%q", got)
	}
}

func TestMigrations(t *testing.T) {
	for _, c := range []struct {
		files   []string
		version string
		want    int
	}{
		{[]string{"20240101000000_a.rb", "20240131101500_b.rb"}, "20240131101500", 0},
		{[]string{"000009_a.up.sql", "000010_b.up.sql", "000011_c.down.sql"}, "10", 0},
		{[]string{"000009_a.up.sql", "000010_b.up.sql"}, "9", 1},
		{[]string{"V2__a.sql", "V2.1__b.sql", "V10__c.sql"}, "10", 0},
		{[]string{"V2__a.sql", "V2.1__b.sql"}, "2.1", 0},
		{[]string{"V2__a.sql", "V2.1__b.sql"}, "2", 1},
		{[]string{"Version20240131101500.php"}, `DoctrineMigrations\Version20240131101500`, 0},
		{[]string{"m240131_101500_add.php"}, "m240131_101500_add", 0},
		{[]string{"m240131_101500_add.php"}, "m240130_101500_old", 1},
		{[]string{"2024_01_31_101500_create_users.php"}, "2024_01_31_101500_create_users", 0},
		{[]string{"0042_a.py", "0042_b.py"}, "0042_a", 1},
		{[]string{"1-add.js", "2-change.js"}, "2-change.js", 0},
		{[]string{"0042_a.py"}, "0043_b", -1},
	} {
		newest, err := newestMigration(migrationFiles(t, c.files...))
		if err != nil {
			t.Error(err)
		}
		if got := newest.compare(c.version); got != c.want {
			t.Errorf("%q is the newest of %q: against %q %d, want %d", newest.stem, c.files, c.version, got, c.want)
		}
	}
	if m, err := newestMigration(migrationFiles(t, "ae1027a6acf_add.py", "1975ea83b712_x.py", "env.py")); err == nil {
		t.Errorf("random names have no order: %+v", m)
	}
}

func TestMySQL(t *testing.T) {
	t.Parallel()
	s := servicetest.MariaDB(t, "owner", hush)
	url := func(user, base string) string { return "mysql://" + user + ":" + hushInURL + "@" + s.Addr + "/" + base }
	main := url("owner", "shop")
	databases(t, func(d database) Check { return &MySQL{URL: main, database: d} })
	config, err := (&MySQL{URL: main}).config()
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("mysql", config.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	left(t, db)
	for _, query := range []string{"CREATE USER reader@'%' IDENTIFIED BY '" + hush + "'", "GRANT SELECT ON shop.* TO reader@'%'"} {
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	plain := "mysql://owner@" + s.Addr + "/shop"
	outcomes(t, map[string][]Check{
		"":                                   {&MySQL{URL: plain, Password: hush}, &MySQL{URL: "mariadb" + strings.TrimPrefix(url("reader", "shop"), "mysql")}},
		"a row cannot be made: Error 1142":   {&MySQL{URL: url("reader", "shop"), database: database{Table: "proxydiag_health"}}},
		"the table proxydiag_x cannot be ma": {&MySQL{URL: url("reader", "shop"), database: database{Table: "proxydiag_x"}}},
		"Error 1049":                         {&MySQL{URL: url("owner", "none")}},
		"Error 1045":                         {&MySQL{URL: plain, Password: hush + "x"}},
		"TLS requested but server does not":  {&MySQL{URL: main, TLS: true}},
		"dial unix":                          {&MySQL{URL: "mysql://owner:" + hushInURL + "@/shop?socket=/nowhere"}},
		"invalid: mysql: ":                   {&MySQL{}, &MySQL{URL: "mysql://" + s.Addr}, &MySQL{URL: "mysql://u:" + hushInURL + "@h:port/x"}, &MySQL{URL: "mysql://u@/x"}},
	})
	s.Stop(t)
	outcomes(t, map[string][]Check{"dial tcp": {&MySQL{URL: main}}})
}
