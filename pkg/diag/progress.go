package diag

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// meterPeriod is how long a meter is silent between two words.
const meterPeriod = 250 * time.Millisecond

// Meter returns a function that is told how far something is, by several
// goroutines maybe, and says it from time to time: how much, how fast, how long
// it still takes.
func Meter(what string, say func(string)) func(done, total int64) {
	start := time.Now()
	var mu sync.Mutex
	told := start
	return func(done, total int64) {
		now := time.Now()
		mu.Lock()
		early := now.Sub(told) < meterPeriod
		if !early {
			told = now
		}
		mu.Unlock()
		if !early {
			say(what + ": " + advance(done, total, now.Sub(start)))
		}
	}
}

// meter returns a function that is told how far something is, and tells
// Progress of it from time to time: how much, how fast, how long it still takes.
func (r *run) meter(what string) func(done, total int64) {
	if r.Progress == nil {
		return nil
	}
	return Meter(what, r.say)
}

// advance puts into words how far something is after some time; total is -1
// where it is not known.
func advance(done, total int64, elapsed time.Duration) string {
	rate := float64(done) / elapsed.Seconds()
	text := fmt.Sprintf("%s, %s/s", quantity(float64(done)), quantity(rate))
	if total <= 0 || done > total || rate <= 0 {
		return text
	}
	left := time.Duration(float64(total-done) / rate * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf("%d %% of %s, %s/s, %s left", 100*done/total, quantity(float64(total)), quantity(rate), left)
}

// quantity writes a number of bytes with the unit that fits.
func quantity(n float64) string {
	for _, unit := range []string{"bytes", "KiB", "MiB", "GiB"} {
		if n < 1024 && unit == "bytes" {
			return fmt.Sprintf("%.0f %s", n, unit)
		}
		if n < 1024 {
			return fmt.Sprintf("%.1f %s", n, unit)
		}
		n /= 1024
	}
	return fmt.Sprintf("%.1f TiB", n)
}

// watched is a reader that ends with its context and tells how far it is.
type watched struct {
	io.Reader
	ctx        context.Context
	done, size int64
	tell       func(done, total int64)
}

// Seek implements io.Seeker, for files that have holes.
func (w *watched) Seek(offset int64, whence int) (int64, error) {
	s, ok := w.Reader.(io.Seeker)
	if !ok {
		return 0, errors.ErrUnsupported
	}
	at, err := s.Seek(offset, whence)
	if err == nil {
		w.done = at
	}
	return at, err
}

// Read implements io.Reader.
func (w *watched) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.Reader.Read(p)
	w.done += int64(n)
	if w.tell != nil {
		w.tell(w.done, w.size)
	}
	return n, err
}
