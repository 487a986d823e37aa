//go:build !linux

package diag

import "io/fs"

// owner is not known here.
func (p *Path) owner(fs.FileInfo) {}

// readACL knows no access control lists here.
func readACL(string) []ACLEntry { return nil }
