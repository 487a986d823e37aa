//go:build !unix

package gate

import "os"

// sweeps says that a dead run's sandbox can be told from a living one's.
const sweeps = false

// flock does nothing where files cannot be locked so.
func flock(*os.File) bool { return true }
