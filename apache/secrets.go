package apache

import "github.com/proxydiag/proxydiag/pkg/conf/mask"

// secrets are the directives that hold secrets, and export of the file envvars.
var secrets = mask.Words{
	Settings: []string{"SetEnv", "Define", "RequestHeader", "export"},
	Secrets:  []string{"DBDParams"},
}
