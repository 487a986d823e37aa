// Package diag is the way from a stack to a verdict: Next plans what to ask,
// Observe asks, the Record keeps what was seen, Judge decides, and the Report
// says it. Next and Judge are pure functions of the record; Observe is the only
// stage that touches the network, the storage and this machine.
package diag
