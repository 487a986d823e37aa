package conf

// Source is a configuration as it was read: every text that a reader needs, so
// that parsing it is a pure function of it. It goes into records as JSON.
type Source struct {
	// Roots are the files to begin with, in order: one main file, or several
	// that stand beside each other.
	Roots []string `json:"roots"`
	// Prefix is the folder that relative names of included files are
	// relative to; "" for the working folder.
	Prefix string `json:"prefix,omitempty"`
	Files  []File `json:"files"`
}

// File is one file of a Source.
type File struct {
	// Path is the file's name as it was opened or, in a dump, as it was printed.
	Path string `json:"path"`
	Text string `json:"text,omitempty"`
	// Kind says why there is no text; "" where there is.
	Kind Kind `json:"kind,omitempty"`
	// Problem is Kind in words.
	Problem string `json:"problem,omitempty"`
}

// File returns the file with that path.
func (s Source) File(path string) (File, bool) {
	for _, f := range s.Files {
		if f.Path == path {
			return f, true
		}
	}
	return File{}, false
}

// Excerpt shows the place in the source's text as the function Excerpt does;
// it is "" where the file was not read.
func (s Source) Excerpt(p Pos, length int) string {
	f, ok := s.File(p.File)
	if !ok {
		return ""
	}
	return Excerpt(f.Text, p, length)
}
