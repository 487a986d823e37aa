package project

import (
	"encoding"
	"reflect"
	"time"
)

// Object is a JSON object.
type Object = map[string]any

// Schema is the JSON Schema of what [Node.Decode] reads into a struct. The
// fields' tags `doc` describe them.
func Schema(of any) Object { return schemaOf(reflect.TypeOf(of).Elem()) }

func schemaOf(t reflect.Type) Object {
	properties := Object{}
	for _, f := range fieldsOf(t) {
		s := schemaOfValue(f.typ)
		if f.doc != "" {
			s["description"] = f.doc
		}
		properties[f.name] = s
	}
	return Object{"type": "object", "additionalProperties": false, "properties": properties}
}

// schemaOfValue is the schema of one value. Numbers and truth may stand as
// references, which are texts.
func schemaOfValue(t reflect.Type) Object {
	switch {
	case t == reflect.TypeFor[time.Duration](), reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return Object{"type": []string{"string", "number"}}
	case t.Kind() == reflect.Slice:
		item := schemaOfValue(t.Elem())
		return Object{"anyOf": []Object{item, {"type": "array", "items": item}}}
	case t.Kind() == reflect.Struct:
		return schemaOf(t)
	case t.Kind() == reflect.Bool:
		return Object{"type": []string{"boolean", "string"}}
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64, t.Kind() == reflect.Float64:
		return Object{"type": []string{"number", "string"}}
	}
	return Object{"type": "string"}
}
