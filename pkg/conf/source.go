package conf

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

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

// fileJSON is File's JSON form. Raw is there only for a text that is not valid
// UTF-8, which a JSON string cannot hold.
type fileJSON struct {
	Path    string `json:"path"`
	Text    string `json:"text,omitempty"`
	Raw     []byte `json:"raw,omitempty"`
	Kind    Kind   `json:"kind,omitempty"`
	Problem string `json:"problem,omitempty"`
}

// MarshalJSON writes a text that is not valid UTF-8 with the foreign bytes
// replaced, to be read by people, and adds its bytes in base64 as "raw", so
// that places and paths stay what they are.
func (f File) MarshalJSON() ([]byte, error) {
	j := fileJSON{Path: f.Path, Text: f.Text, Kind: f.Kind, Problem: f.Problem}
	if !utf8.ValidString(f.Text) {
		j.Raw = []byte(f.Text)
		j.Text = strings.ToValidUTF8(f.Text, "\uFFFD")
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON wrote; "raw" wins over "text".
func (f *File) UnmarshalJSON(data []byte) error {
	var j fileJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*f = File{Path: j.Path, Text: j.Text, Kind: j.Kind, Problem: j.Problem}
	if j.Raw != nil {
		f.Text = string(j.Raw)
	}
	return nil
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
