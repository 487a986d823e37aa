package main

import "testing"

func TestSize(t *testing.T) {
	for text, want := range map[string]size{
		"1": 1, "4294967297": 1<<32 + 1, "5G": 5 << 30, "5GiB": 5 << 30, "5GB": 5 << 30, "512k": 512 << 10, "512K": 512 << 10, "3M": 3 << 20, "2T": 2 << 40, "5g": 5 << 30, "4.5G": 9 << 29, "0.5k": 512, "1.5mib": 3 << 19,
		"": 0, "0": 0, "-1": 0, "G": 0, "5X": 0, "5 G": 0, "5GG": 0, "5Gi5": 0, "9999999T": 0, "1e9": 0, "1.5": 0, ".5G": 0, "1.G": 0, "0.0G": 0, "1.-5G": 0,
	} {
		var got size
		if err := got.Set(text); got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d, %v, want %d", text, got, err, want)
		}
	}
}
