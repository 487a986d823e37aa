package checks

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
)

// Share is an amount of space: a part of the whole ("10%") or bytes ("5GiB").
type Share struct {
	percent float64
	bytes   uint64
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *Share) UnmarshalText(text []byte) error {
	number, isPart := strings.CutSuffix(strings.TrimSpace(string(text)), "%")
	if isPart {
		percent, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !(percent >= 0 && percent <= 100) {
			return fmt.Errorf("%q is no part of the whole; write it like 10%%", text)
		}
		*s = Share{percent: percent}
		return nil
	}
	bytes, err := humanize.ParseBytes(number)
	if err != nil {
		return fmt.Errorf("%q is neither a part nor a size; write it like 10%% or 5GiB", text)
	}
	*s = Share{bytes: bytes}
	return nil
}

// MarshalText implements [encoding.TextMarshaler].
func (s Share) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String is the share as it is written.
func (s Share) String() string {
	if s.bytes > 0 {
		return humanize.IBytes(s.bytes)
	}
	return strconv.FormatFloat(s.percent, 'f', -1, 64) + "%"
}

// IsZero says that nothing is asked for.
func (s Share) IsZero() bool { return s == Share{} }

// of is the share in bytes of a whole.
func (s Share) of(whole uint64) uint64 {
	if s.bytes > 0 {
		return s.bytes
	}
	return uint64(s.percent / 100 * float64(whole))
}

// scarce compares what is free with the least that there should be.
func scarce(free, whole uint64, warn, fail Share) (tooLittle, isWarning bool, wanted Share) {
	switch {
	case free < fail.of(whole):
		return true, false, fail
	case free < warn.of(whole):
		return true, true, warn
	}
	return false, false, Share{}
}

// part is a in percent of b, with one digit.
func part(a, b uint64) float64 {
	if b == 0 {
		return 0
	}
	return float64(int(float64(a)/float64(b)*1000+0.5)) / 10
}
