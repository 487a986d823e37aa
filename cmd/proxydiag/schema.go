package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/proxydiag/proxydiag/internal/serve"
	"github.com/proxydiag/proxydiag/pkg/report"
)

// newSchema prints what proxydiag.yaml may hold, for editors.
func newSchema(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of " + projectFile,
		Long: "schema prints the JSON Schema of " + projectFile + ", with which editors check and complete\n" +
			"it. The settings of a stack are the flags of check.",
		Args: noArguments,
		RunE: func(_ *cobra.Command, _ []string) error {
			check := newCheck(std)
			return report.JSON(std.out, schemaOf(check))
		},
	}
}

// object is a JSON object.
type object = map[string]any

// schemaOf is the schema (JSON Schema, draft 2020-12) of a file whose settings
// are a command's flags.
func schemaOf(cmd *cobra.Command) object {
	settings := object{}
	for _, key := range stackKeys(cmd.Flags()) {
		settings[key.Name] = schemaOfFlag(cmd, cmd.Flags().Lookup(key.Name))
	}
	stack := object{"$ref": "#/$defs/stack"}
	return object{
		"$schema":              "https://json-schema.org/draft/2020-12/schema",
		"title":                projectFile,
		"description":          "Stacks that proxydiag checks: a storage, a backend and a proxy each.",
		"type":                 "object",
		"additionalProperties": false,
		"anyOf":                []object{{"required": []string{"stacks"}}, {"required": []string{"serve"}}},
		"properties": object{
			"serve":    serve.Schema(stack),
			"defaults": object{"description": "settings of all stacks", "$ref": "#/$defs/stack"},
			"stacks": object{
				"description": "the stacks, by name", "type": "object", "minProperties": 1,
				"propertyNames":        object{"pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$"},
				"additionalProperties": stack,
			},
		},
		"$defs": object{"stack": object{"type": "object", "additionalProperties": false, "properties": settings}},
	}
}

// schemaOfFlag is the schema of one setting. Numbers and truth may stand as
// references, which are texts.
func schemaOfFlag(cmd *cobra.Command, f *pflag.Flag) object {
	_, usage := pflag.UnquoteUsage(f)
	s := object{"description": usage}
	text := object{"type": "string"}
	if complete, ok := cmd.GetFlagCompletionFunc(f.Name); ok {
		if words, _ := complete(cmd, nil, ""); len(words) > 0 && !strings.HasSuffix(words[0], ":") {
			text["examples"] = words
		}
	}
	switch f.Value.Type() {
	case "bool":
		s["type"] = []string{"boolean", "string"}
	case "int", "SIZE":
		s["type"] = []string{"integer", "string"}
	case "stringArray", "stringSlice":
		s["anyOf"] = []object{text, {"type": "array", "items": text}}
	default:
		for k, v := range text {
			s[k] = v
		}
	}
	return s
}
