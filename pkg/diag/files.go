package diag

import (
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// Path is what is known of one file or folder on this machine.
type Path struct {
	Path string `json:"path"`
	// Missing says that nothing is there; Failure why it could not be looked at.
	Missing bool   `json:"missing,omitempty"`
	Failure string `json:"failure,omitempty"`
	// Mode holds type and permission bits; UID and GID are the owner's, -1
	// where the system does not tell.
	Mode fs.FileMode `json:"mode,omitempty"`
	UID  int         `json:"uid"`
	GID  int         `json:"gid"`
	// Target is where a symbolic link points, as it is written.
	Target string `json:"target,omitempty"`
	// Volume identifies the file system.
	Volume uint64 `json:"volume,omitempty"`
	// ACL are the entries of a POSIX access control list beyond the mode.
	ACL []ACLEntry `json:"acl,omitempty"`
}

// ACLEntry is one entry of a POSIX access control list (acl(5)).
type ACLEntry struct {
	// Kind is user, group or mask; the entries for owner, owning group and
	// others stand in the mode, save that with a mask the mode's group bits
	// are the mask, and the owning group's entry has the id -1.
	Kind string `json:"kind"`
	ID   int    `json:"id"`
	Perm uint8  `json:"perm"` // 4 read, 2 write, 1 execute or search
}

// User is a user of this machine.
type User struct {
	Name    string `json:"name"`
	UID     int    `json:"uid"`
	GIDs    []int  `json:"gids,omitempty"`
	Failure string `json:"failure,omitempty"`
}

// maxLinks is how many symbolic links of one path are followed.
const maxLinks = 40

// look notes a path and each folder above it, following symbolic links, as
// far as they are not noted yet.
func (s *Sandbox) look(path string, noted map[string]bool) []Path {
	var list []Path
	links := 0
	var walk func(dir string, rest []string)
	walk = func(dir string, rest []string) {
		if !noted[dir] {
			noted[dir] = true
			list = append(list, s.stat(dir))
		}
		if len(rest) == 0 {
			return
		}
		next := filepath.Join(dir, rest[0])
		target, err := os.Readlink(s.real(next))
		if err != nil {
			walk(next, rest[1:])
			return
		}
		if !noted[next] {
			noted[next] = true
			list = append(list, s.stat(next))
		}
		if links++; links > maxLinks {
			return
		}
		parts := append(segments(s.meant(target)), rest[1:]...)
		if filepath.IsAbs(target) {
			dir = "/"
		}
		walk(dir, parts)
	}
	walk("/", segments(filepath.Clean(path)))
	return list
}

func segments(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

func (s *Sandbox) stat(path string) Path {
	p := Path{Path: path, UID: -1, GID: -1}
	path = s.real(path)
	info, err := os.Lstat(path)
	switch {
	case conf.IsMissing(err):
		p.Missing = true
		return p
	case err != nil:
		p.Failure = reason(err)
		return p
	}
	p.Mode = info.Mode()
	if p.Mode&fs.ModeSymlink != 0 {
		p.Target, _ = os.Readlink(path)
		p.Target = s.meant(p.Target)
	}
	p.owner(info)
	p.ACL = readACL(path)
	return p
}

// lookupUser finds a user and all groups. As for chown, a group behind a colon
// takes the place of the user's own one; a number stands behind "#".
func lookupUser(spec string) User {
	name, group, given := strings.Cut(spec, ":")
	out := User{Name: spec, UID: -1}
	var ids []string
	own := ""
	u, err := byNumber(name, user.Lookup, user.LookupId)
	switch number, numeric := strings.CutPrefix(name, "#"); {
	case err == nil:
		own = u.Gid
		if ids, err = u.GroupIds(); err != nil {
			ids = []string{own}
		}
		out.UID, _ = strconv.Atoi(u.Uid)
	case numeric: // a user without an entry has no groups
		if out.UID, err = strconv.Atoi(number); err != nil {
			out.Failure = err.Error()
			return out
		}
	default:
		out.Failure = err.Error()
		return out
	}
	if given {
		ids = slices.DeleteFunc(ids, func(id string) bool { return id == own })
		g, err := byNumber(group, user.LookupGroup, user.LookupGroupId)
		switch number, numeric := strings.CutPrefix(group, "#"); {
		case err == nil:
			ids = append(ids, g.Gid)
		case numeric:
			ids = append(ids, number)
		default:
			out.Failure = err.Error()
			return out
		}
	}
	for _, id := range ids {
		if n, err := strconv.Atoi(id); err == nil {
			out.GIDs = append(out.GIDs, n)
		}
	}
	return out
}

// byNumber looks up a name, or a number behind "#".
func byNumber[T any](name string, byName, byID func(string) (*T, error)) (*T, error) {
	if id, ok := strings.CutPrefix(name, "#"); ok {
		return byID(id)
	}
	return byName(name)
}
