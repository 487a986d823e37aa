package checks

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/health"
)

// database are the settings that checks of databases have in common.
type database struct {
	Table      string        `yaml:"table" doc:"a table of ours, like proxydiag_health, in which a row is made, read, changed and deleted; it is made where it is not there"`
	Version    string        `yaml:"version" doc:"a query whose first value is the last migration that was applied"`
	Expect     string        `yaml:"expect" doc:"what the query version must give"`
	Migrations string        `yaml:"migrations" path:"file" doc:"a folder of migration files, or a pattern of their paths: what version gives must be the newest of them"`
	Warn       time.Duration `yaml:"warn" doc:"a slower round is a warning"`
}

// tableName is a table that is ours, perhaps in a schema.
var tableName = regexp.MustCompile(`^(?:[A-Za-z_][A-Za-z0-9_]{0,62}\.)?proxydiag[A-Za-z0-9_]{0,50}$`)

func (d *database) validate() error {
	switch {
	case d.Table != "" && !tableName.MatchString(d.Table):
		return errors.New("table: its name begins with proxydiag, like proxydiag_health")
	case d.Version == "" && (d.Expect != "" || d.Migrations != ""):
		return errors.New("version: write the query that gives the last migration")
	case d.Version != "" && (d.Expect == "") == (d.Migrations == ""):
		return errors.New("version: say what it must give, by either expect or migrations")
	}
	return nil
}

// mark is how a database writes the place of the n-th value of a query.
type mark func(n int) string

func dollars(n int) string { return fmt.Sprintf("$%d", n) }

func questions(int) string { return "?" }

// check asks a database all that is wanted, over one connection.
func (d *database) check(ctx context.Context, db *sql.DB, at mark) (health.Observation, error) {
	db.SetMaxOpenConns(1)
	start := time.Now()
	if err := db.PingContext(ctx); err != nil {
		return none(err)
	}
	said := []string{"it answers"}
	if d.Table != "" {
		if err := d.row(ctx, db, at); err != nil {
			return none(err)
		}
		said = append(said, "a row was made, read, changed and deleted")
	}
	took := time.Since(start)
	if d.Version != "" {
		text, err := d.migrated(ctx, db)
		if err != nil {
			return none(err)
		}
		said = append(said, text)
	}
	return slow(strings.Join(said, "; "), took, d.Warn)
}

// row makes, reads, changes and deletes a row.
func (d *database) row(ctx context.Context, db *sql.DB, at mark) error {
	if err := d.make(ctx, db); err != nil {
		return err
	}
	id := fixture.New("health", "", 0).Name
	exec := func(query string, args ...any) error {
		result, err := db.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err == nil && n != 1 {
			return fmt.Errorf("%d rows were touched instead of one", n)
		}
		return nil
	}
	where := " WHERE id = " + at(1)
	if err := exec("INSERT INTO "+d.Table+" (id, value, made) VALUES ("+at(1)+", "+at(2)+", "+at(3)+")", id, "first", time.Now().Unix()); err != nil {
		return fmt.Errorf("a row cannot be made: %w", err)
	}
	old := time.Now().Add(-leftAfter).Unix() // what killed runs have left
	defer func() { _, _ = db.ExecContext(ctx, "DELETE FROM "+d.Table+where+" OR made < "+at(2), id, old) }()
	for _, want := range []string{"first", "second"} {
		if want == "second" {
			if err := exec("UPDATE "+d.Table+" SET value = "+at(1)+" WHERE id = "+at(2), want, id); err != nil {
				return fmt.Errorf("a row cannot be changed: %w", err)
			}
		}
		var got string
		if err := db.QueryRowContext(ctx, "SELECT value FROM "+d.Table+where, id).Scan(&got); err != nil {
			return fmt.Errorf("a row cannot be read: %w", err)
		}
		if got != want {
			return fmt.Errorf("a row holds %q instead of %q", firstLine(got), want)
		}
	}
	if err := exec("DELETE FROM "+d.Table+where, id); err != nil {
		return fmt.Errorf("a row cannot be deleted: %w", err)
	}
	return nil
}

// make makes the table where it is not there: who may not make tables can make
// it beforehand.
func (d *database) make(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, "SELECT id, value, made FROM "+d.Table+" WHERE 1 = 0")
	if err == nil {
		return errors.Join(rows.Err(), rows.Close())
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, err := db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS "+d.Table+" (id VARCHAR(80) PRIMARY KEY, value VARCHAR(80) NOT NULL, made BIGINT NOT NULL)"); err != nil {
		return fmt.Errorf("the table %s cannot be made: %w", d.Table, err)
	}
	return nil
}

// migrated compares what was applied with what there is.
func (d *database) migrated(ctx context.Context, db *sql.DB) (string, error) {
	var value sql.NullString
	switch err := db.QueryRowContext(ctx, d.Version).Scan(&value); {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return "", fmt.Errorf("the version cannot be read: %w", err)
	}
	version := firstLine(value.String)
	if d.Expect != "" {
		if version != d.Expect {
			return "", fmt.Errorf("the database is at %s, and should be at %s", orNothing(version), d.Expect)
		}
		return "it is at " + version, nil
	}
	newest, err := newestMigration(d.Migrations)
	if err != nil {
		return "", err
	}
	switch newest.compare(version) {
	case 0:
		return "it is at " + version, nil
	case -1:
		return "", health.Warn("the database is at %s, and the newest migration here is %s", version, newest.stem)
	}
	return "", fmt.Errorf("migrations are not applied: the database is at %s, the newest is %s", orNothing(version), newest.stem)
}

func orNothing(version string) string {
	if version == "" {
		return "no version"
	}
	return version
}
