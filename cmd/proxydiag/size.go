package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// size is a number of bytes as a flag: 5G, 512MiB, 4294967297. Units are powers
// of 1024.
type size int64

// String implements pflag.Value.
func (s *size) String() string { return strconv.FormatInt(int64(*s), 10) }

// Type implements pflag.Value.
func (s *size) Type() string { return "SIZE" }

// Set implements pflag.Value.
func (s *size) Set(text string) error {
	digits := strings.TrimRight(text, "kKMGTiB")
	unit := strings.TrimSuffix(strings.TrimSuffix(text[len(digits):], "B"), "i")
	shift, ok := map[string]uint{"": 0, "k": 10, "K": 10, "M": 20, "G": 30, "T": 40}[unit]
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || n <= 0 || n > math.MaxInt64>>shift>>1 {
		return fmt.Errorf("not a size of a file; write it like 5G, 512M or 4294967297 (bytes)")
	}
	*s = size(n << shift)
	return nil
}
