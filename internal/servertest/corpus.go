package servertest

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ReadCase is a configuration that a reader is held to its server with.
type ReadCase struct {
	OK    bool              // the server takes it
	Files map[string]string // by name; main.conf is the main one
}

// ReadCorpus reads configurations from a file, by name. In it "-- ok/NAME.conf --"
// or "-- bad/NAME.conf --" begins one, "-- ok/NAME/FILE --" a file of one.
func ReadCorpus(t testing.TB, file string) map[string]ReadCase {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]ReadCase{}
	var into map[string]string
	in := ""
	for l := range strings.Lines(string(data)) {
		n, ok := strings.CutPrefix(l, "-- ")
		if !ok {
			if into != nil {
				into[in] += l
			}
			continue
		}
		verdict, rest, _ := strings.Cut(strings.TrimSuffix(n, " --\n"), "/")
		name, sub, multi := strings.Cut(rest, "/")
		if in = sub; !multi {
			name, in = strings.TrimSuffix(rest, ".conf"), "main.conf"
		}
		key := verdict + "/" + name
		if _, there := cases[key]; !there {
			cases[key] = ReadCase{OK: verdict == "ok", Files: map[string]string{}}
		}
		into = cases[key].Files
		into[in] = ""
	}
	return cases
}

// Write puts the files of a case into a folder, which @DIR@ in them stands for.
// change, if not nil, makes more of a file's text.
func (c ReadCase) Write(t testing.TB, dir string, change func(name, text string) string) {
	t.Helper()
	for name, text := range c.Files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		text = strings.ReplaceAll(text, "@DIR@", dir)
		if change != nil {
			text = change(name, text)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Mutate changes one or two bytes of a text at random: to one of those given,
// by putting one in, or by leaving one out.
func Mutate(random *rand.Rand, text, bytes string) string {
	changed := []byte(text)
	for range 1 + random.IntN(2) {
		if len(changed) == 0 {
			break
		}
		at := random.IntN(len(changed))
		switch b := bytes[random.IntN(len(bytes))]; random.IntN(3) {
		case 0:
			changed[at] = b
		case 1:
			changed = slices.Insert(changed, at, b)
		default:
			changed = slices.Delete(changed, at, at+1)
		}
	}
	return string(changed)
}
