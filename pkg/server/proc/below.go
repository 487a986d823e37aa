package proc

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
)

// Below is where a path of the machine is below a folder that mirrors it: root
// is a folder's path, name begins with a slash. What name says with .. does not
// lead above the folder; a slash at its end stays.
func Below(root, name string) string {
	if strings.Contains(name, "..") {
		clean := path.Clean("/" + name)
		if strings.HasSuffix(name, "/") && clean != "/" {
			clean += "/"
		}
		name = clean
	}
	return root + name
}

// Put writes a file at a path below a folder that mirrors the machine's paths,
// with that folder and those above the file. A file that is there stays as it is. Neither .. nor
// a link leads out of the folder.
func Put(root, name, text string) error {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	within, err := os.OpenRoot(root)
	if err != nil {
		return err
	}
	defer func() { _ = within.Close() }()
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	if dir := path.Dir(name); dir != "." {
		if err := within.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	f, err := within.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
