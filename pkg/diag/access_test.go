package diag

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAccess(t *testing.T) {
	dir := func(path string, uid, gid int, perm fs.FileMode, acl ...ACLEntry) Path {
		return Path{Path: path, Mode: fs.ModeDir | perm, UID: uid, GID: gid, ACL: acl}
	}
	plain := func(path string, uid, gid int, perm fs.FileMode) Path {
		return Path{Path: path, Mode: perm, UID: uid, GID: gid}
	}
	link := func(path, target string) Path { return Path{Path: path, Mode: fs.ModeSymlink | 0o777, Target: target} }
	root := dir("/", 0, 0, 0o755)
	www := User{Name: "www", UID: 33, GIDs: []int{33}}
	for _, c := range []struct {
		name  string
		paths []Path
		user  User
		want  Tri
		at    string
	}{
		{"open to all", []Path{root, dir("/s", 5, 5, 0o755), plain("/s/f", 5, 5, 0o644)}, www, Yes, "/s/f"},
		{"the folder refuses", []Path{root, dir("/s", 5, 5, 0o700), plain("/s/f", 5, 5, 0o644)}, www, No, "/s"},
		{"listing is not needed", []Path{root, dir("/s", 5, 5, 0o711), plain("/s/f", 5, 5, 0o644)}, www, Yes, "/s/f"},
		{"the file refuses", []Path{root, dir("/s", 5, 5, 0o755), plain("/s/f", 5, 5, 0o640)}, www, No, "/s/f"},
		{"by group", []Path{root, dir("/s", 5, 33, 0o750), plain("/s/f", 5, 33, 0o640)}, www, Yes, "/s/f"},
		{"a group that may less than others", []Path{root, dir("/s", 5, 33, 0o705), plain("/s/f", 5, 5, 0o644)}, www, No, "/s"},
		{"an owner who may less than others", []Path{root, dir("/s", 33, 5, 0o077), plain("/s/f", 5, 5, 0o644)}, www, No, "/s"},
		{"root", []Path{root, dir("/s", 5, 5, 0o700), plain("/s/f", 5, 5, 0)}, User{Name: "www"}, Yes, "/s/f"},
		{"missing", []Path{root, {Path: "/s", Missing: true}}, www, No, "/s"},
		{"not looked at", []Path{root}, www, Undecided, ""},
		{"behind a link", []Path{root, link("/s", "d/e"), dir("/d", 5, 5, 0o755), dir("/d/e", 5, 5, 0o700), plain("/d/e/f", 5, 5, 0o644)}, www, No, "/d/e"},
		{"a link in a circle", []Path{root, link("/s", "/s")}, www, Undecided, "/s"},
		{"access list lets in", []Path{root, dir("/s", 5, 5, 0o770, ACLEntry{"user", 33, 5}, ACLEntry{"group", -1, 0}, ACLEntry{"mask", -1, 7}), plain("/s/f", 5, 5, 0o644)}, www, Yes, "/s/f"},
		{"access list cut by its mask", []Path{root, dir("/s", 5, 5, 0o740, ACLEntry{"user", 33, 5}, ACLEntry{"mask", -1, 4}), plain("/s/f", 5, 5, 0o644)}, www, No, "/s"},
		{"access list of a group", []Path{root, dir("/s", 5, 5, 0o770, ACLEntry{"group", 33, 5}, ACLEntry{"mask", -1, 7}), plain("/s/f", 5, 5, 0o644)}, www, Yes, "/s/f"},
	} {
		rec := Record{Paths: c.paths, Users: []User{c.user}}
		got, at := NewView(Stack{}, &rec).Access("www", "/s/f")
		where := ""
		if at != nil {
			where = at.Path
		}
		if got != c.want || where != c.at {
			t.Errorf("%s: got %v at %q, want %v at %q", c.name, got, where, c.want, c.at)
		}
	}
	if got, _ := NewView(Stack{}, &Record{}).Access("nobody", "/s"); got != Undecided {
		t.Errorf("a user that nobody looked up: got %v", got)
	}
}

func TestLookFollowsLinks(t *testing.T) {
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.Mkdir(filepath.Join(base, "real"), 0o755), os.WriteFile(filepath.Join(base, "real", "f"), nil, 0o640),
		os.Symlink("real", filepath.Join(base, "link")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for _, p := range (*Sandbox)(nil).look(filepath.Join(base, "link", "f"), map[string]bool{}) {
		if rel, err := filepath.Rel(base, p.Path); err == nil && filepath.IsLocal(rel) {
			names = append(names, rel)
		}
	}
	if diff := cmp.Diff([]string{".", "link", "real", "real/f"}, names); diff != "" {
		t.Error(diff)
	}
}

// TestBehindAFile: a path behind that of a file is missing, as one in no folder is.
func TestBehindAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	list := (*Sandbox)(nil).look(filepath.Join(file, "x"), map[string]bool{})
	if p := list[len(list)-1]; !p.Missing || p.Failure != "" {
		t.Errorf("%+v", p)
	}
}
