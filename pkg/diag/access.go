package diag

import (
	"io/fs"
	"path/filepath"
	"slices"
)

// Permissions that Refuses asks for.
const (
	permRead   = 4
	permSearch = 1
)

// Path is what is known of a path, nil where it was not looked at.
func (v *View) Path(path string) *Path {
	for i := range v.Record.Paths {
		if v.Record.Paths[i].Path == path {
			return &v.Record.Paths[i]
		}
	}
	return nil
}

// User is what is known of a user, nil where nobody looked.
func (v *View) User(name string) *User {
	for i := range v.Record.Users {
		if v.Record.Users[i].Name == name {
			return &v.Record.Users[i]
		}
	}
	return nil
}

// Real is a path with the symbolic links in it followed, as far as they were
// looked at.
func (v *View) Real(path string) string {
	rest, dir := segments(filepath.Clean(path)), "/"
	for links := 0; len(rest) > 0; {
		next := filepath.Join(dir, rest[0])
		l := v.Path(next)
		if l == nil || l.Mode&fs.ModeSymlink == 0 || links == maxLinks {
			dir, rest = next, rest[1:]
			continue
		}
		links++
		rest = append(segments(l.Target), rest[1:]...)
		if filepath.IsAbs(l.Target) {
			dir = "/"
		}
	}
	return dir
}

// Access says whether a user may read a file: it may enter every folder above
// it, also behind symbolic links, and read the file. With No comes the first
// path that refuses or that is missing; Undecided means that something on the
// way was not looked at.
func (v *View) Access(user, path string) (Tri, *Path) {
	u := v.User(user)
	if u == nil || u.Failure != "" {
		return Undecided, nil
	}
	rest := segments(filepath.Clean(path))
	dir := "/"
	for links := 0; ; {
		p := v.Path(dir)
		switch {
		case p == nil || p.Failure != "":
			return Undecided, p
		case p.Missing:
			return No, p
		case len(rest) == 0:
			return granted(p, u, permRead), p
		case !p.Mode.IsDir():
			return No, p
		case granted(p, u, permSearch) == No:
			return No, p
		}
		next := filepath.Join(dir, rest[0])
		if l := v.Path(next); l != nil && l.Mode&fs.ModeSymlink != 0 {
			if links++; links > maxLinks {
				return Undecided, l
			}
			rest = append(segments(l.Target), rest[1:]...)
			if filepath.IsAbs(l.Target) {
				dir = "/"
			}
			continue
		}
		dir, rest = next, rest[1:]
	}
}

// granted evaluates mode and access control list as the kernel does (acl(5),
// "access check algorithm").
func granted(p *Path, u *User, want uint8) Tri {
	yes := func(perm uint8) Tri {
		if perm&want == want {
			return Yes
		}
		return No
	}
	switch {
	case u.UID == 0:
		return Yes
	case p.UID < 0:
		return Undecided
	case u.UID == p.UID:
		return yes(uint8(p.Mode >> 6 & 7))
	}
	mask := uint8(7)
	groupPerm := uint8(p.Mode >> 3 & 7)
	for _, e := range p.ACL {
		if e.Kind == "mask" {
			mask = e.Perm
		}
	}
	for _, e := range p.ACL {
		switch {
		case e.Kind == "user" && e.ID == u.UID:
			return yes(e.Perm & mask)
		case e.Kind == "group" && e.ID == -1:
			groupPerm = e.Perm
		}
	}
	member := slices.Contains(u.GIDs, p.GID)
	if member && groupPerm&mask&want == want {
		return Yes
	}
	for _, e := range p.ACL {
		if e.Kind == "group" && e.ID >= 0 && slices.Contains(u.GIDs, e.ID) {
			if member = true; e.Perm&mask&want == want {
				return Yes
			}
		}
	}
	if member {
		return No
	}
	return yes(uint8(p.Mode & 7))
}
