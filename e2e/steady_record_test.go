package e2e

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// TestSteady: two runs that differ only in what a run makes up give one record.
func TestSteady(t *testing.T) {
	rec := load(t, "nginx/healthy-downloads.conf")
	var text bytes.Buffer
	if err := rec.Save(&text); err != nil {
		t.Fatal(err)
	}
	other, err := diag.ReadRecord(strings.NewReader(strings.NewReplacer(
		"-0000000000000001", "-fedcba9876543210", "127.0.0.1:8080", "127.0.0.1:41234", "127.0.0.1:8000", "127.0.0.1:51234",
		"proxydiag-e2e-00000", "proxydiag-e2e-3141592653", "2026-01-01T12:00", "2027-02-03T10:00", "Thu, 01 Jan 2026 12:00", "Wed, 03 Feb 2027 10:00", "Wed, 31 Dec 2025 12:00", "Tue, 02 Feb 2027 10:00",
		"00000000.proxy", "0a1b2c3d.proxy", "00000000.backend", "0a1b2c3d.backend",
		strings.Repeat("0", 63)+"2", strings.Repeat("af", 32), `\"695661c0-`, `\"6b62faa0-`, "companion-000000000001", "companion-123456789abcdef0",
	).Replace(text.String())))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(saved(t, rec), saved(t, other)); !strings.Contains(diff, "fedcba9876543210") {
		t.Fatal("the other run is the same")
	}
	if diff := cmp.Diff(saved(t, steady(t, rec)), saved(t, steady(t, other))); diff != "" {
		t.Errorf("differs (-one run +another):\n%s", diff)
	}
	if diff := cmp.Diff(saved(t, rec), saved(t, steady(t, rec))); diff != "" {
		t.Errorf("a steady record changes (-before +after):\n%s", diff)
	}
}

func saved(t *testing.T, rec *diag.Record) string {
	t.Helper()
	var b strings.Builder
	if err := rec.Save(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
