package gate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxLinks is how many symbolic links of one path are followed.
const maxLinks = 40

// mirror makes a folder in the sandbox as it is called on this machine, with
// the symbolic links on its way: some servers do not follow those.
func mirror(root, folder string) error {
	links := 0
	var walk func(dir string, rest []string) error
	walk = func(dir string, rest []string) error {
		if len(rest) == 0 {
			return nil
		}
		next := filepath.Join(dir, rest[0])
		target, err := os.Readlink(next)
		if err != nil || links >= maxLinks {
			if err := makeFolders(root, next); err != nil {
				return fmt.Errorf("the sandbox's storage: %w", err)
			}
			return walk(next, rest[1:])
		}
		links++
		to := target // on this machine: .. does not lead above its root
		if !filepath.IsAbs(target) {
			to = filepath.Join(dir, target)
		}
		if err := os.Symlink(root+filepath.Clean(to), root+next); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("the sandbox's storage: %w", err)
		}
		return walk("/", append(segments(filepath.Clean(to)), rest[1:]...))
	}
	if err := makeFolders(filepath.Dir(root), filepath.Base(root)); err != nil {
		return fmt.Errorf("the sandbox's storage: %w", err)
	}
	return walk("/", segments(filepath.Clean(folder)))
}

// segments are the names in a path.
func segments(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == filepath.Separator })
}
