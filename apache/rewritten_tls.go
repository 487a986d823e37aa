package apache

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// secured rewrites directives of mod_ssl that name files.
func (w *copying) secured(name string, d *conf.Directive) ([]*conf.Directive, bool) {
	switch name {
	case "sslcertificatefile":
		return w.certificate(d), true
	case "sslcertificatekeyfile", "sslproxymachinecertificatefile", "sslproxymachinecertificatepath", "sslproxymachinecertificatechainfile":
		return nil, true
	case "sslcacertificatefile", "sslcadnrequestfile", "sslproxycacertificatefile":
		file := absolute(w.conf.ServerRoot, d.Arg(0))
		if !exists(file) {
			w.change(d, "%s is not on this machine: the sandbox's certificate takes its place", d.Arg(0))
			file, _ = w.certificates()
		}
		return []*conf.Directive{replaced(d, 0, file)}, true
	case "sslcacertificatepath", "sslcadnrequestpath", "sslproxycacertificatepath", "sslproxycarevocationfile", "sslproxycarevocationpath":
		file := absolute(w.conf.ServerRoot, d.Arg(0))
		if !exists(file) {
			w.change(d, "%s is not on this machine: %s is left out", d.Arg(0), d.Name)
			return nil, true
		}
		return []*conf.Directive{replaced(d, 0, file)}, true
	case "sslciphersuite", "sslproxyciphersuite":
		if last := d.Arg(len(d.Args) - 1); strings.HasPrefix(last, "PROFILE=") { // of Fedora's OpenSSL
			w.change(d, "%s is of another OpenSSL: %s is left out", last, d.Name)
			return nil, true
		}
	case "sslopensslconfcmd":
		if file := d.Arg(1); strings.Contains(file, "/") && !exists(absolute(w.conf.ServerRoot, file)) {
			w.change(d, "%s is not on this machine: %s is left out", file, d.Name)
			return nil, true
		}
	}
	return nil, strings.HasPrefix(name, "sslocsp")
}

// certificates are the paths of the sandbox's certificate and its key.
func (w *copying) certificates() (cert, key string) {
	cert, key, err := w.o.Certificate()
	if err != nil {
		w.failed = err
	}
	return cert, key
}

// certificate is the sandbox's certificate in the place of the first one of a
// block.
func (w *copying) certificate(d *conf.Directive) []*conf.Directive {
	if d.Parent != nil && d.Parent.First("SSLCertificateFile") != d {
		return nil
	}
	cert, key := w.certificates()
	return []*conf.Directive{with(d, cert), instead(d, "SSLCertificateKeyFile", key)}
}

// withCertificate gives a virtual host a certificate whose own is not in what
// was read: that of the rest of a configuration, or of mod_md.
func (w *copying) withCertificate(c, d *conf.Directive) *conf.Directive {
	on := d.First("SSLEngine")
	if on == nil || strings.EqualFold(on.Arg(0), "off") || d.First("SSLCertificateFile") != nil || w.conf.Top.First("SSLCertificateFile") != nil {
		return c
	}
	if _, md := w.conf.Modules["md_module"]; w.modules.main && !md {
		return c // Apache refuses it
	}
	cert, key := w.certificates()
	c.Block = append(c.Block, instead(on, "SSLCertificateFile", cert), instead(on, "SSLCertificateKeyFile", key))
	return c
}
