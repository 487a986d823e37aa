package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/gate"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// TestWriteOffers: the list is whole, however long it is, and harmless.
func TestWriteOffers(t *testing.T) {
	var offers server.Offers
	const n = 200
	for i := range n {
		port := server.Port{Origin: fmt.Sprintf("http://s%d.example.org", i), Scope: fmt.Sprint(i)}
		at := diag.Location{File: "site.conf", Line: i + 1}
		offers.Ways = append(offers.Ways, server.WayIn{Name: fmt.Sprintf("s%d.example.org /\x1b[2J", i), Port: port, URL: diag.URL(port.Origin + "/"), Location: at})
		offers.Outs = append(offers.Outs, server.WayOut{Name: fmt.Sprintf("/protected%d/", i), Scope: port.Scope, Sendfile: "nginx:/protected/", Storage: "/srv", Location: at})
	}
	var out strings.Builder
	if err := writeOffers(&out, offers, gate.Options{}); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(out.String(), "\n"); lines != 3*n+3 {
		t.Errorf("%d lines: %s", lines, out.String())
	}
	if !strings.HasSuffix(out.String(), "s199.example.org /\\x1b[2J → /protected199/\n") {
		t.Errorf("the last pair: %s", out.String()[out.Len()-200:])
	}
}
