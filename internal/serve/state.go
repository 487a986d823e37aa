package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"sync"
	"time"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/health"
)

// stateVersion is the version of the state's JSON.
const stateVersion = 1

// state is what is kept over a restart.
type state struct {
	Version int                    `json:"proxydiag_state"`
	Saved   time.Time              `json:"saved"`
	Health  health.Snapshot        `json:"health"`
	Reports map[string]diag.Report `json:"reports"`
}

// keeper writes the state to a file, not more often than it has to.
type keeper struct {
	path string
	get  func() state
	fail func(error)

	mu      sync.Mutex
	pending *time.Timer
	closed  bool
	failing bool // the last write failed, which has been told
}

// errDamaged is the error for a state of ours that is not whole.
var errDamaged = errors.New("it is not whole")

// begun is how a state of ours begins.
var begun = regexp.MustCompile(`^\s*\{\s*"proxydiag_state"`)

// readState reads a state; there is none where the file is not there or empty.
// Another file is left alone. What a crash of the machine has left of ours gives
// errDamaged.
func readState(path string) (state, error) {
	var s state
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(text) == 0:
		return s, nil
	case err != nil:
		return s, err
	}
	err = json.Unmarshal(text, &s)
	switch {
	case err != nil && (begun.Match(text) || len(bytes.Trim(text, "\x00")) == 0):
		return state{}, errDamaged
	case err != nil || s.Version == 0:
		return s, fmt.Errorf("%s holds something else; name another file, or remove it", path)
	case s.Version != stateVersion:
		return s, fmt.Errorf("%s is a state of version %d, and this proxydiag knows version %d", path, s.Version, stateVersion)
	}
	return s, nil
}

// saveWithin is how old what is in the file may become.
const saveWithin = 2 * time.Second

// later writes the state soon: several changes make one write.
func (k *keeper) later() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.path == "" || k.pending != nil || k.closed {
		return
	}
	k.pending = time.AfterFunc(saveWithin, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.pending = nil
		if !k.closed {
			k.write()
		}
	})
}

// close writes the state for the last time.
func (k *keeper) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pending != nil {
		k.pending.Stop()
	}
	k.closed = true
	if k.path != "" {
		k.write()
	}
}

// write writes the state. That it fails is told once, until it works again.
func (k *keeper) write() {
	err := k.try()
	if err != nil && !k.failing {
		k.fail(err)
	}
	k.failing = err != nil
}

func (k *keeper) try() error {
	s := k.get()
	s.Version, s.Saved = stateVersion, time.Now().UTC()
	text, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	return replaceFile(k.path, append(text, '\n'))
}
