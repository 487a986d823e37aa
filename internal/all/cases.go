package all

import (
	_ "embed"
	"encoding/json"
)

// Cases are the stacks of the tests that are about one finding, as "file: name
// of the case".
type Cases struct {
	// Shown are the stacks that show the finding.
	Shown []string `json:"shown"`
	// Near are those that nearly do, and must not be taken for it.
	Near []string `json:"near"`
	// Unshown is why no stack shows it; empty where one does.
	Unshown string `json:"unshown,omitempty"`
}

//go:embed cases.json
var casesJSON []byte

// CasesOf are the cases of all findings, by code. The tests write them down.
func CasesOf() map[string]Cases {
	var cases map[string]Cases
	if err := json.Unmarshal(casesJSON, &cases); err != nil {
		panic("cases.json, which is part of the program: " + err.Error())
	}
	return cases
}
