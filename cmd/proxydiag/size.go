package main

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// size is a number of bytes as a flag: 5G, 512MiB, 4294967297. Units are powers
// of 1024.
type size int64

var errSize = errors.New("not a size of a file; write it like 5G, 512M, 4.5G or 4294967297 (bytes)")

// String implements pflag.Value.
func (s *size) String() string { return strconv.FormatInt(int64(*s), 10) }

// Type implements pflag.Value.
func (s *size) Type() string { return "SIZE" }

// Set implements pflag.Value.
func (s *size) Set(text string) error {
	lower := strings.ToLower(text)
	digits := strings.TrimRight(lower, "kmgtib")
	unit := strings.TrimSuffix(strings.TrimSuffix(lower[len(digits):], "b"), "i")
	shift, ok := map[string]uint{"": 0, "k": 10, "m": 20, "g": 30, "t": 40}[unit]
	whole, fraction, broken := strings.Cut(digits, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if !ok || err != nil || n < 0 || n > math.MaxInt64>>shift>>1 {
		return errSize
	}
	n <<= shift
	if broken {
		part, err := strconv.ParseUint(fraction, 10, 32)
		if err != nil || shift == 0 || len(fraction) > 6 {
			return errSize
		}
		n += int64(float64(part) / math.Pow10(len(fraction)) * float64(int64(1)<<shift))
	}
	if n == 0 {
		return errSize
	}
	*s = size(n)
	return nil
}
