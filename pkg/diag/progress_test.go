package diag

import (
	"testing"
	"time"
)

func TestAdvance(t *testing.T) {
	for _, test := range []struct {
		done, total int64
		elapsed     time.Duration
		want        string
	}{
		{1 << 30, 4 << 30, time.Second, "25 % of 4.0 GiB, 1.0 GiB/s, 3s left"},
		{1536, 3 << 10, 2 * time.Second, "50 % of 3.0 KiB, 768 bytes/s, 2s left"},
		{0, 4 << 30, time.Second, "0 bytes, 0 bytes/s"},
		{5 << 40, -1, time.Second, "5.0 TiB, 5.0 TiB/s"},
		{9, 8, time.Second, "9 bytes, 9 bytes/s"},
	} {
		if got := advance(test.done, test.total, test.elapsed); got != test.want {
			t.Errorf("%d of %d in %v: %q, want %q", test.done, test.total, test.elapsed, got, test.want)
		}
	}
}
