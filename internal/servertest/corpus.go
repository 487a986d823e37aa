package servertest

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Sections cuts the text of a file at lines of the form "-- NAME --". What stands
// before the first one is a comment. names has them in their order.
func Sections(t testing.TB, file string) (names []string, texts map[string]string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	texts = map[string]string{}
	name := ""
	for line := range strings.Lines(string(data)) {
		if n, ok := strings.CutPrefix(line, "-- "); ok {
			if n, ok = strings.CutSuffix(n, " --\n"); ok {
				name = n
				names = append(names, name)
				texts[name] = ""
				continue
			}
		}
		if name != "" {
			texts[name] += line
		}
	}
	return names, texts
}

// Asked is a configuration and what is asked of a server that has it.
type Asked struct {
	Name, Config string
	Lines        []string // a request each
}

// AskedCorpus reads configurations from a file. In it "-- NAME --" begins one,
// and "-- NAME.urls --" its requests.
func AskedCorpus(t testing.TB, file string) (list []Asked) {
	t.Helper()
	names, texts := Sections(t, file)
	for _, name := range names {
		if strings.HasSuffix(name, ".urls") {
			continue
		}
		lines := strings.FieldsFunc(texts[name+".urls"], func(r rune) bool { return r == '\n' })
		if len(lines) == 0 {
			t.Fatalf("%s: nothing is asked", name)
		}
		list = append(list, Asked{name, texts[name], lines})
	}
	return list
}

// ReadCase is a configuration that a reader is held to its server with.
type ReadCase struct {
	OK    bool              // the server takes it
	Files map[string]string // by name
}

// ReadCorpus reads configurations from a file, by name. In it "-- ok/NAME --" or
// "-- bad/NAME --" begins one, whose main file is called main, and
// "-- ok/NAME/FILE --" a file of one. NAME may end in ".conf".
func ReadCorpus(t testing.TB, file, main string) map[string]ReadCase {
	t.Helper()
	cases := map[string]ReadCase{}
	names, texts := Sections(t, file)
	for _, n := range names {
		verdict, rest, _ := strings.Cut(n, "/")
		name, in, several := strings.Cut(rest, "/")
		if !several {
			name, in = strings.TrimSuffix(rest, ".conf"), main
		}
		key := verdict + "/" + name
		if _, there := cases[key]; !there {
			cases[key] = ReadCase{OK: verdict == "ok", Files: map[string]string{}}
		}
		cases[key].Files[in] = texts[n]
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
