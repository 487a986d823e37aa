//go:build !linux

package servertest

import (
	"os"
	"testing"
)

// Main is what TestMain must call.
func (s Suite) Main(m *testing.M) { os.Exit(m.Run()) }

// runProcess does nothing where processes do not end with their parent.
func (s Suite) runProcess(*testing.T) {}
