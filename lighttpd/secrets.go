package lighttpd

import "github.com/proxydiag/proxydiag/pkg/conf/mask"

// secrets are the settings that hold secrets and are not called so.
var secrets = mask.Words{Secrets: []string{"auth.backend.ldap.bind-pw"}}
