package nginx

import (
	"slices"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// tlsSwitches are directives about TLS that are on or off, and that the sandbox
// has off.
var tlsSwitches = []string{"ssl_stapling", "ssl_stapling_verify", "ssl_early_data"}

// misspeltSwitch says that a directive is one of tlsSwitches and neither on nor
// off: nginx refuses it.
func misspeltSwitch(d *conf.Directive) bool {
	return slices.Contains(tlsSwitches, d.Name) && (len(d.Args) != 1 || !onOff(d.Arg(0)))
}

// ciphers are server blocks that nobody asks, in which nginx reads the ciphers
// of the others: those may not fit the sandbox's certificate. Those of a
// distribution's own making (PROFILE=SYSTEM) are known to its OpenSSL only.
func (w *rewriting) ciphers() []*conf.Directive {
	var list []*conf.Directive
	read := map[*conf.Directive]bool{}
	for _, v := range w.router.servers {
		tls := slices.ContainsFunc(v.list, func(l listen) bool { return l.ssl })
		d := last(v.dir, "ssl_ciphers")
		if !tls || d == nil || read[d] || strings.HasPrefix(d.Arg(0), "PROFILE=") {
			continue
		}
		read[d] = true
		cert, key, err := w.o.Certificate()
		if err != nil {
			w.fail(err)
			return nil
		}
		list = append(list, &conf.Directive{Name: "server", IsBlock: true, Block: []*conf.Directive{
			clamped("listen", "unix:"+w.dirMark+"/ciphers"), clamped("server_name", "ciphers"+strconv.Itoa(len(list))),
			clamped("ssl_certificate", cert), clamped("ssl_certificate_key", key), copyOf(d),
		}})
	}
	return list
}
