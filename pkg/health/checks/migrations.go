package checks

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// migration is one by the name of its file, as tools number them: 0042_add.py
// (Django), 20240131101500_add.rb (Rails), 000042_add.up.sql (golang-migrate),
// V42__add.sql (Flyway), Version20240131101500.php (Doctrine).
type migration struct {
	stem    string   // the file's name without its endings
	numbers []string // 42; 2.1
}

// numbered matches the stems of migrations. A name like that of a random
// revision (Alembic's) has no order, and does not match.
var numbered = regexp.MustCompile(`^(?:V|Version|m)?(\d+(?:[._]\d+)*)(?:[_-].*)?$`)

// migrationOf is the migration of a name; ok is false for other names. It takes
// what tools keep in their tables, too: a number, a stem, a file, or a class.
func migrationOf(name string) (m migration, ok bool) {
	m.stem = name[strings.LastIndexAny(name, `/\`)+1:]
	for _, ending := range []string{".py", ".rb", ".php", ".sql", ".js", ".ts", ".mjs", ".cjs", ".go", ".xml", ".yaml", ".yml", ".json", ".up", ".ex", ".exs"} {
		m.stem = strings.TrimSuffix(m.stem, ending)
	}
	m.stem = strings.TrimSuffix(m.stem, ".up")
	found := numbered.FindStringSubmatch(m.stem)
	if found == nil {
		return migration{}, false
	}
	m.numbers = strings.FieldsFunc(found[1], func(r rune) bool { return r == '.' || r == '_' })
	return m, true
}

// order compares two migrations by their numbers.
func (m migration) order(other migration) int {
	for i := range max(len(m.numbers), len(other.numbers)) {
		a, b := new(big.Int), new(big.Int)
		if i < len(m.numbers) {
			a.SetString(m.numbers[i], 10)
		}
		if i < len(other.numbers) {
			b.SetString(other.numbers[i], 10)
		}
		if c := a.Cmp(b); c != 0 {
			return c
		}
	}
	return 0
}

// compare compares with the version of a database: 1 where the migration is
// not applied, -1 where the database is ahead.
func (m migration) compare(version string) int {
	there, ok := migrationOf(version)
	if !ok {
		return 1
	}
	c := m.order(there)
	named := strings.Trim(m.stem, "Vm0123456789._-") != "" && strings.Trim(there.stem, "Vm0123456789._-") != ""
	if c == 0 && named && m.stem != there.stem {
		return 1 // two branches have given one number to two migrations
	}
	return c
}

// newestMigration is the one of a folder, or of a pattern of paths, with the
// highest number.
func newestMigration(where string) (newest migration, err error) {
	pattern := where
	if info, err := os.Stat(where); err == nil && info.IsDir() {
		pattern = filepath.Join(escapeGlob(where), "*")
	}
	files, err := filepath.Glob(pattern)
	if err != nil {
		return newest, fmt.Errorf("migrations: %w", err)
	}
	found := false
	for _, file := range files {
		base := filepath.Base(file)
		if strings.HasSuffix(base, ".down.sql") || strings.HasSuffix(base, ".pyc") {
			continue
		}
		if m, ok := migrationOf(base); ok && (!found || cmp.Or(m.order(newest), strings.Compare(m.stem, newest.stem)) > 0) {
			newest, found = m, true
		}
	}
	if !found {
		return newest, errors.New("migrations: no file there is called like a migration with a number, or the folder cannot be read")
	}
	return newest, nil
}

// escapeGlob is a path as a pattern that matches it alone.
func escapeGlob(path string) string {
	return regexp.MustCompile(`[*?\[\\]`).ReplaceAllString(path, `\$0`)
}
