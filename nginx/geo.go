package nginx

import (
	"encoding/binary"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// noAddress is the client whose address geo cannot tell: one that came over a
// socket of this machine, or a text that is no address (INADDR_NONE).
var noAddress = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// located evaluates a geo block
// (https://nginx.org/en/docs/http/ngx_http_geo_module.html): the value of the
// smallest network that holds the client, or the default.
func (s *state) located(name string, d *conf.Directive) value {
	client, why := s.geoClient(d)
	if why != "" {
		return unknown(name, why)
	}
	for _, e := range d.Block {
		switch e.Name {
		case "include":
			return unknown(name, "is set by geo, which includes a list")
		case "proxy", "proxy_recursive":
			if s.req.Header.Get("X-Forwarded-For") != "" {
				return unknown(name, "is set by geo from X-Forwarded-For")
			}
		}
	}
	best, text := -1.0, ""
	for _, e := range d.Block {
		size, fits := holds(e.Name, client)
		if e.Name == "default" {
			size, fits = 0, true
		}
		// A later line for the same network replaces an earlier one.
		if len(e.Args) == 1 && fits && size >= best {
			best, text = size, e.Arg(0)
		}
		if e.Name == "delete" {
			if size, fits = holds(e.Arg(0), client); fits && size == best {
				return unknown(name, "is set by geo, which deletes a network")
			}
		}
	}
	return value{text: text}
}

// geoClient is the address that a geo block looks at.
func (s *state) geoClient(d *conf.Directive) (client netip.Addr, why string) {
	switch {
	case len(d.Args) == 2:
		v := s.expand(d.Arg(0), false)
		if v.why != "" {
			return client, "depends on what is not known: " + v.why
		}
		a, err := netip.ParseAddr(v.text)
		if err != nil {
			return noAddress, ""
		}
		return a.Unmap(), ""
	case strings.HasPrefix(s.req.Addr, "unix:"):
		return noAddress, ""
	case !s.req.Client.IsValid():
		return client, "is set by geo, from the client's address"
	}
	return s.req.Client.Unmap(), ""
}

// holds says that a network, an address or a range "A-B" of a geo block holds
// an address; size grows as the network shrinks.
func holds(network string, a netip.Addr) (size float64, fits bool) {
	if from, to, ok := strings.Cut(network, "-"); ok {
		first, err1 := netip.ParseAddr(from)
		last, err2 := netip.ParseAddr(to)
		if err1 != nil || err2 != nil || !first.Is4() || !last.Is4() || !a.Is4() {
			return 0, false
		}
		low, high, at := number(first), number(last), number(a)
		return 33 - math.Log2(float64(high)-float64(low)+1), low <= at && at <= high
	}
	if p, err := netip.ParsePrefix(network); err == nil {
		return 1 + float64(p.Bits()), p.Contains(a)
	}
	one, err := netip.ParseAddr(network)
	if err != nil {
		return 0, false
	}
	return 1 + float64(one.BitLen()), one.Unmap() == a
}

func number(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

// split evaluates a split_clients block: the share in which the hash of the
// key falls (https://nginx.org/en/docs/http/ngx_http_split_clients_module.html).
func (s *state) split(name string, d *conf.Directive) value {
	key := s.expand(d.Arg(0), false)
	if key.why != "" {
		return unknown(name, "is set by split_clients, from what is not known: "+key.why)
	}
	hash, last := murmur2(key.text), uint64(0)
	for _, e := range d.Block {
		if len(e.Args) != 1 {
			continue
		}
		if e.Name == "*" {
			return value{text: e.Arg(0)}
		}
		percent, err := strconv.ParseFloat(strings.TrimSuffix(e.Name, "%"), 64)
		if err != nil {
			return unknown(name, "is set by split_clients")
		}
		last += uint64(math.Round(percent*100)) * math.MaxUint32 / 10000
		if uint64(hash) < last {
			return value{text: e.Arg(0)}
		}
	}
	return value{}
}

// murmur2 is MurmurHash2 with the seed 0, as nginx computes it (ngx_murmur_hash2).
func murmur2(text string) uint32 {
	const m = 0x5bd1e995
	data := []byte(text)
	h := uint32(len(data)) //nolint:gosec // keys are short
	for ; len(data) >= 4; data = data[4:] {
		k := binary.LittleEndian.Uint32(data) * m
		h = h*m ^ (k^k>>24)*m
	}
	switch len(data) {
	case 3:
		h ^= uint32(data[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(data[1]) << 8
		fallthrough
	case 1:
		h = (h ^ uint32(data[0])) * m
	}
	h = (h ^ h>>13) * m
	return h ^ h>>15
}
