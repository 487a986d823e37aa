package lighttpd

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// ValueKind is what a value is.
type ValueKind int

// The kinds of value.
const (
	String ValueKind = iota
	Integer
	Array
)

// Value is a value of lighttpd's configuration language. It does not change.
type Value struct {
	Kind   ValueKind
	Text   string // of a String
	Number int    // of an Integer
	Items  []Item // of an Array
	// Unknown says why the configuration alone does not tell the value; "": it does.
	Unknown string

	weight int // how much there is in it, lists within it counted each time
}

// maxWeight is how much a value may hold: variables that are put into each
// other double it with every line.
const maxWeight = 1 << 18

// weigh counts what a value holds; ok is false where that is too much.
func (v *Value) weigh() (ok bool) {
	v.weight = 1 + len(v.Text)/64
	for _, i := range v.Items {
		v.weight += i.Value.weight + 1
	}
	return v.weight <= maxWeight
}

// Item is an element of an array.
type Item struct {
	Key    string
	HasKey bool
	Value  *Value
	// Dir is the element as it is written: its name is the key with its quotes.
	Dir *conf.Directive
}

// Get returns the element with a key, nil where there is none.
func (v *Value) Get(key string) *Item {
	if v == nil {
		return nil
	}
	for i := range v.Items {
		if v.Items[i].HasKey && v.Items[i].Key == key {
			return &v.Items[i]
		}
	}
	return nil
}

// Str is the text of a String or an Integer, "" for others and for nil.
func (v *Value) Str() string {
	switch {
	case v == nil || v.Kind == Array:
		return ""
	case v.Kind == Integer:
		return strconv.Itoa(v.Number)
	}
	return v.Text
}

// Int is the number of an Integer, or of a String of digits as an environment
// variable gives; ok is false for others.
func (v *Value) Int() (n int, ok bool) {
	switch {
	case v == nil || v.Kind == Array:
		return 0, false
	case v.Kind == Integer:
		return v.Number, true
	}
	n, err := strconv.Atoi(v.Text)
	return n, err == nil
}

// On says that a value switches something on; otherwise is what it means where
// it says neither (config_plugin_value_tobool).
func (v *Value) On(otherwise bool) bool {
	switch {
	case v == nil || v.Kind == Array:
		return otherwise
	case v.Kind == Integer:
		return v.Number != 0
	}
	switch strings.ToLower(v.Text) {
	case "enable", "true", "1":
		return true
	case "disable", "false", "0":
		return false
	}
	return otherwise
}

// unknown is why a value, or one in it, is not known; "": it is.
func (v *Value) unknown() string {
	if v == nil {
		return ""
	}
	for _, i := range v.Items {
		if why := i.Value.unknown(); why != "" {
			return why
		}
	}
	return v.Unknown
}

// merge is what + makes of two values (configparser_merge_data).
func merge(a, b *Value) (*Value, error) {
	why := a.Unknown
	if why == "" {
		why = b.Unknown
	}
	switch {
	case why != "" && a.Kind != Array && b.Kind != Array:
		return &Value{Kind: a.Kind, Text: a.Str() + b.Str(), Unknown: why}, nil
	case a.Kind == Integer && b.Kind == Integer:
		return &Value{Kind: Integer, Number: a.Number + b.Number}, nil
	case a.Kind != Array && b.Kind != Array:
		return &Value{Text: a.Str() + b.Str()}, nil
	case a.Kind != b.Kind:
		return nil, fmt.Errorf("a list and something else cannot be merged")
	}
	out := &Value{Kind: Array, Items: append([]Item{}, a.Items...), Unknown: why}
	for _, item := range b.Items {
		if item.HasKey {
			if old := a.Get(item.Key); old != nil {
				if same(old.Value, item.Value) {
					continue
				}
				return nil, fmt.Errorf("duplicate array-key %q", item.Key)
			}
		}
		out.Items = append(out.Items, item)
	}
	return out, nil
}

// same says that two values are the same text or number.
func same(a, b *Value) bool {
	return a.Kind == b.Kind && a.Kind != Array && a.Text == b.Text && a.Number == b.Number
}
