package load

import "strings"

// CleanEnd removes slashes at the end of a folder's name.
func CleanEnd(name string) string {
	if t := strings.TrimRight(name, "/"); t != "" {
		return t
	}
	return name
}

// FolderOf is the folder of a file's name, without a slash at its end; "" for
// the working folder.
func FolderOf(name string) string {
	i := strings.LastIndexByte(name, '/')
	if i == 0 {
		return "/"
	}
	return name[:max(i, 0)]
}

// Above is the folder above a folder of FolderOf.
func Above(folder string) string {
	if folder == "" {
		return ".."
	}
	return FolderOf(folder)
}

// Join puts a name behind a folder; "" is the working folder.
func Join(folder, name string) string {
	if folder == "" || strings.HasSuffix(folder, "/") {
		return folder + name
	}
	return folder + "/" + name
}
