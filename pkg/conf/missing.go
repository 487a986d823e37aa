package conf

import (
	"errors"
	"io/fs"
	"syscall"
)

// IsMissing says that an error is about a name that nothing has. A name behind
// that of a file is one (ENOTDIR, path_resolution(7)).
func IsMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
