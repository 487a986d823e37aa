package lighttpd

import "github.com/proxydiag/proxydiag/pkg/conf"

func withoutSecrets(s conf.Source) conf.Source { return s }
