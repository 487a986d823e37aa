package checks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/fixture/remote"
	"github.com/proxydiag/proxydiag/pkg/health"
)

const (
	defaultStored = 64 << 10  // what is stored where no size is given
	mostStored    = 256 << 20 // what is stored at most
	leftAfter     = time.Hour // what a killed run has left is removed then
	removeWithin  = 5 * time.Second
)

// Storage puts a file of its own into a storage, looks at it, reads it back,
// compares each byte and removes it.
type Storage struct {
	URL  string        `yaml:"storage" path:"file" doc:"a folder, or the URL of a storage, as for check"`
	Size Share         `yaml:"size" doc:"the size of the file (64KiB)"`
	Warn time.Duration `yaml:"warn" doc:"a slower round is a warning"`

	// Left is how old what a killed run has left is when it is removed; 0: an
	// hour. It is looked for four times in that time.
	Left time.Duration `yaml:"-"`
	// Sweeps, where not nil, knows when that was, for checks that are made anew
	// for each run.
	Sweeps *Sweeps `yaml:"-"`

	own Sweeps
}

// Sweeps knows when storages were looked through for what killed runs have left.
// The zero Sweeps knows of none.
type Sweeps struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// Due says that it is time to look through a storage, which is then noted as
// done, for what is of an age: that is four times in this time.
func (s *Sweeps) Due(storage string, age time.Duration, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.last, func(_ string, last time.Time) bool { return now.Sub(last) >= age/4 })
	if _, done := s.last[storage]; done {
		return false
	}
	if s.last == nil {
		s.last = map[string]time.Time{}
	}
	s.last[storage] = now
	return true
}

// Validate implements [Check].
func (c *Storage) Validate() error {
	switch {
	case c.URL == "":
		return errors.New("storage: write a folder with its whole path, or a URL")
	case !strings.Contains(c.URL, "://") && !filepath.IsAbs(c.URL):
		return errors.New("storage: write the folder with its whole path")
	case c.Size.percent > 0 || c.Size.bytes > mostStored:
		return errors.New("size: write it like 64KiB; 256MiB is the most")
	}
	store, err := all.OpenStore(c.URL, remote.Options{})
	if err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "--"))
	}
	return store.Close()
}

// Check implements [Check]. However it ends, the file is removed.
func (c *Storage) Check(ctx context.Context) (health.Observation, error) {
	store, err := all.OpenStore(c.URL, remote.Options{})
	if err != nil {
		return none(errors.New(strings.TrimPrefix(err.Error(), "--")))
	}
	defer func() { _ = store.Close() }()
	c.sweep(ctx, store, time.Now())
	size := int64(defaultStored)
	if c.Size.bytes > 0 {
		size = int64(c.Size.bytes)
	}
	start := time.Now()
	f := fixture.New("health", ".bin", size)
	if err := stored(ctx, store, f); err != nil {
		return none(err)
	}
	return slow("a file was stored, read and removed", time.Since(start), c.Warn)
}

// sweep removes what killed runs have left, if it is time. What is wrong shows
// when something is stored.
func (c *Storage) sweep(ctx context.Context, store fixture.Store, now time.Time) {
	age := cmp.Or(c.Left, leftAfter)
	if cmp.Or(c.Sweeps, &c.own).Due(c.URL, age, now) {
		_, _ = fixture.Sweep(ctx, store, age, now)
	}
}

// stored puts a fixture, looks at it, reads it and removes it.
func stored(ctx context.Context, store fixture.Store, f fixture.Fixture) error {
	set := fixture.NewSet(store)
	err := set.Put(ctx, f)
	if err == nil {
		err = readBack(ctx, store, f)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeWithin)
	defer cancel()
	if left := set.Cleanup(ctx); left != nil && err == nil {
		err = left
	}
	return err
}

func readBack(ctx context.Context, store fixture.Store, f fixture.Fixture) error {
	info, err := store.Stat(ctx, f.Name)
	if err != nil {
		return err
	}
	if info.Size != f.Size {
		return fmt.Errorf("a file of %d bytes was stored, and has %d", f.Size, info.Size)
	}
	r, err := store.Open(ctx, f.Name)
	if err != nil {
		return err
	}
	n, wrong, err := f.Verify(r, 0)
	if left := r.Close(); err == nil {
		err = left
	}
	switch {
	case err != nil:
		return err
	case wrong >= 0:
		return fmt.Errorf("what was stored comes back changed, from byte %d on", wrong)
	case n < f.Size:
		return fmt.Errorf("what was stored comes back short: %d of %d bytes", n, f.Size)
	}
	return nil
}
