package check

import "github.com/proxydiag/proxydiag/pkg/diag"

// BackendFault is the code of what is wrong with the backend's own answer to
// the plain download, "" where nothing is or where it does no harm.
func BackendFault(v *diag.View) string { return backendFault(v).code }

// Symptom is the code of what the client sees instead of the download, "" where
// it arrives or where the wire alone does not tell.
func Symptom(v *diag.View) string { return proxyFault(v).code }
