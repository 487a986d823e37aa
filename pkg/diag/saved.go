package diag

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxSaved is how long a saved record may be, in bytes: far more than a
// configuration of the largest size that is read comes to.
const maxSaved = 512 << 20

// Save writes the record as JSON, as docs/record.md documents it.
func (r *Record) Save(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(r)
}

// ReadRecord reads what Save wrote, of this version or of an older one.
// Members that it does not know are passed over. The error says what is wrong
// with the text and, where a place can be named, on which line and in which
// column (in bytes, both from 1).
func ReadRecord(from io.Reader) (*Record, error) {
	data, err := io.ReadAll(io.LimitReader(from, maxSaved+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("it cannot be read: %w", err)
	case len(data) > maxSaved:
		return nil, fmt.Errorf("it is longer than %d MiB: this is no record", maxSaved>>20)
	case len(bytes.TrimSpace(data)) == 0:
		return nil, errors.New("it is empty: the run that was to write it did not come to its end")
	}
	var head struct {
		Version   int             `json:"version"`
		Tool      Tool            `json:"tool"`
		Stack     json.RawMessage `json:"stack"`
		Exchanges json.RawMessage `json:"exchanges"`
		Findings  json.RawMessage `json:"findings"`
	}
	if err := unmarshal(data, &head); err != nil {
		return nil, err
	}
	switch {
	case head.Version > RecordVersion:
		return nil, fmt.Errorf("the record is of version %d, and this program reads up to version %d: judge it with %s",
			head.Version, RecordVersion, writer(head.Tool))
	case head.Exchanges == nil && head.Findings != nil:
		return nil, errors.New("this is a report; a record is what --record writes")
	case head.Version < 1 || head.Exchanges == nil:
		return nil, errors.New("this is no record: one has the members version and exchanges; --record writes it")
	}
	rec := new(Record)
	if err := unmarshal(data, rec); err != nil {
		return nil, err
	}
	if head.Stack == nil && len(rec.Exchanges) > 0 {
		return nil, errors.New("it does not say what was checked: the member stack is missing")
	}
	return rec, nil
}

// writer names the program that wrote a record, and what else can read it.
func writer(t Tool) string {
	if t.Name == "" {
		return "a newer one"
	}
	return t.Name + " " + t.Version + ", which wrote it, or a newer one"
}

// unmarshal is json.Unmarshal with the place in its errors.
func unmarshal(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	var (
		syntax *json.SyntaxError
		kind   *json.UnmarshalTypeError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax):
		return fmt.Errorf("%s: this is no JSON: %w", placeIn(data, syntax.Offset), syntax)
	case errors.As(err, &kind):
		member := kind.Field
		if member == "" {
			member = "a record"
		}
		return fmt.Errorf("%s: %s cannot be a JSON %s", placeIn(data, kind.Offset), member, kind.Value)
	}
	return fmt.Errorf("this is no record: %w", err)
}

// placeIn is the line and the column of the byte before an offset, where
// package json found the fault.
func placeIn(data []byte, offset int64) string {
	before := data[:min(max(offset-1, 0), int64(len(data)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return fmt.Sprintf("line %d, column %d", line, column)
}
