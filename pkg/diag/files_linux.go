package diag

import (
	"encoding/binary"
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

func (p *Path) owner(info fs.FileInfo) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		p.UID, p.GID, p.Volume = int(s.Uid), int(s.Gid), s.Dev
	}
}

// Tags of the entries in the extended attribute (linux/posix_acl.h).
const (
	aclUser     = 0x02
	aclGroupObj = 0x04
	aclGroup    = 0x08
	aclMask     = 0x10
)

// readACL reads a POSIX access control list from its extended attribute
// (linux/posix_acl_xattr.h: a version, then tag, permissions and id of each
// entry, little endian); nil where there is none.
func readACL(path string) []ACLEntry {
	buf := make([]byte, 4096)
	n, err := unix.Lgetxattr(path, "system.posix_acl_access", buf)
	if err != nil || n < 4 {
		return nil
	}
	var list []ACLEntry
	for b := buf[4:n]; len(b) >= 8; b = b[8:] {
		e := ACLEntry{ID: int(int32(binary.LittleEndian.Uint32(b[4:]))), Perm: uint8(binary.LittleEndian.Uint16(b[2:]) & 7)}
		switch binary.LittleEndian.Uint16(b) {
		case aclUser:
			e.Kind = "user"
		case aclGroupObj:
			e.Kind, e.ID = "group", -1
		case aclGroup:
			e.Kind = "group"
		case aclMask:
			e.Kind, e.ID = "mask", -1
		default:
			continue
		}
		list = append(list, e)
	}
	return list
}
