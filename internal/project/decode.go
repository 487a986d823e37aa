package project

import (
	"encoding"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// Decode reads a mapping into a struct, whose fields have the tags of the YAML
// library: `yaml:"name"`. A field with `path:"file"` is a path relative to the
// file's folder, and becomes a whole one, or a URL; one with `least:"1s"` is a
// duration that is not shorter. Fields are texts, numbers, truth, durations (30s,
// 21d), what unmarshals text, structs and lists; one value may stand where a list is
// meant. What is wrong is noted.
func (n Node) Decode(into any) { n.decode(into, false) }

// DecodeOptional is Decode for what need not be configured: missing says that a
// variable that it refers to is not set, or that it has no value, which is no
// problem then.
func (n Node) DecodeOptional(into any) (missing bool) { return n.decode(into, true) }

func (n Node) decode(into any, optional bool) (missing bool) {
	d := decoder{reader: n.r, optional: optional}
	d.structure(n.node, reflect.ValueOf(into).Elem(), n.what)
	return d.missing
}

// Fields are the names that Decode knows for a struct.
func Fields(of any) []string {
	var names []string
	for _, f := range fieldsOf(reflect.TypeOf(of).Elem()) {
		names = append(names, f.name)
	}
	return names
}

// field is a field of a struct that the file can set.
type field struct {
	name  string
	doc   string
	path  bool
	least time.Duration // 0: any
	index []int
	typ   reflect.Type
}

func fieldsOf(t reflect.Type) []field {
	var list []field
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" || !f.IsExported() {
			continue
		}
		least, _ := time.ParseDuration(f.Tag.Get("least"))
		list = append(list, field{name: name, least: least, doc: f.Tag.Get("doc"), path: f.Tag.Get("path") != "", index: f.Index, typ: f.Type})
	}
	return list
}

// decoder reads one value.
type decoder struct {
	*reader
	optional bool
	missing  bool
}

func (d *decoder) structure(node *yaml.Node, into reflect.Value, what string) {
	fields := fieldsOf(into.Type())
	names := []string{} // not nil, which would be any
	for _, f := range fields {
		names = append(names, f.name)
	}
	for key, value := range d.members(node, what, names) {
		for _, f := range fields {
			if f.name == key.Value {
				d.value(key, resolve(value), into.FieldByIndex(f.index), f)
			}
		}
	}
}

func (d *decoder) value(key, node *yaml.Node, into reflect.Value, f field) {
	_, own := into.Addr().Interface().(encoding.TextUnmarshaler)
	empty := node.Kind == yaml.ScalarNode && (node.Tag == "!!null" || node.Value == "")
	switch {
	case empty && d.optional:
		d.missing = true
	case empty:
		d.problem(key, "%s has no value; give it one, or leave it out", f.name)
	case own:
		d.scalar(node, into, f)
	case into.Kind() == reflect.Slice:
		items := []*yaml.Node{node}
		if node.Kind == yaml.SequenceNode {
			items = node.Content
		}
		list := reflect.MakeSlice(into.Type(), len(items), len(items))
		for i, item := range items {
			d.value(item, resolve(item), list.Index(i), f)
		}
		into.Set(list)
	case into.Kind() == reflect.Struct:
		d.structure(node, into, f.name)
	default:
		d.scalar(node, into, f)
	}
}

// scalar reads one text.
func (d *decoder) scalar(node *yaml.Node, into reflect.Value, f field) {
	if node.Kind != yaml.ScalarNode {
		d.problem(node, "%s has a text as its value", f.name)
		return
	}
	text, ok := d.expanded(node)
	if !ok {
		return
	}
	if f.path && text != "" {
		text = d.reader.beside(text)
		if whole, err := filepath.Abs(text); err == nil && !strings.Contains(text, "://") {
			text = whole
		}
	}
	if u, ok := into.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte(text)); err != nil {
			d.problem(node, "%s: %v", f.name, err)
		}
		return
	}
	if why := set(into, text); why != "" {
		d.problem(node, "%s: %s", f.name, why)
		return
	}
	if f.least > 0 && time.Duration(into.Int()) < f.least {
		d.problem(node, "%s: %q is too short; %s is the least", f.name, text, f.least)
	}
}

// expanded is a value with its references replaced. Of an optional one nothing
// is said where a variable is not set.
func (d *decoder) expanded(node *yaml.Node) (string, bool) {
	if d.optional {
		for _, m := range reference.FindAllStringSubmatch(node.Value, -1) {
			if value, set := d.Env(m[2]); m[1] == "env" && (!set || value == "") {
				d.missing = true
				return "", false
			}
		}
	}
	return d.expand(node)
}

// set gives a variable its value; why says why it cannot be had.
func set(into reflect.Value, text string) (why string) {
	if into.Type() == reflect.TypeFor[time.Duration]() {
		long, ok := parseDuration(text)
		if !ok {
			return strconv.Quote(text) + " is no duration; write it like 30s, 5m or 21d"
		}
		into.SetInt(int64(long))
		return ""
	}
	switch into.Kind() {
	case reflect.String:
		into.SetString(text)
	case reflect.Bool:
		yes, err := strconv.ParseBool(text)
		if err != nil {
			return strconv.Quote(text) + " is neither true nor false"
		}
		into.SetBool(yes)
	case reflect.Int, reflect.Int64:
		whole, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return strconv.Quote(text) + " is no whole number"
		}
		into.SetInt(whole)
	case reflect.Float64:
		number, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return strconv.Quote(text) + " is no number"
		}
		into.SetFloat(number)
	default:
		return "it cannot be read from a file" // a mistake in the program
	}
	return ""
}

// parseDuration reads a duration, days as well.
func parseDuration(text string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err == nil
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= 0
}
