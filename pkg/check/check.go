// Package check holds what is true of every stack, whatever serves it: the
// families of probes, the checks, and the neutral rules, one file each. A rule
// names a symptom or a fault from the wire and the storage alone; which
// directive is responsible is for the server's own package to say.
package check

import "github.com/proxydiag/proxydiag/pkg/diag"

// The ids of the checks.
const (
	checkStorage  = "storage"
	checkBackend  = "backend"
	checkDirect   = "direct"
	checkEndToEnd = "end-to-end"
	checkOffload  = "offload"
	checkExposure = "exposure"
	checkErrors   = "errors"
	checkHead     = "head"
	checkPost     = "post"
	checkHeaders  = "headers"

	checkRanges     = "ranges"
	checkConditions = "validators"
	checkChanges    = "changes"
	checkEncodings  = "encodings"
	checkTypes      = "types"
	checkNames      = "names"
	checkLarge      = "large"
	checkPlain      = "plain"
)

// Families are the groups of probes, in the order in which they are planned.
func Families() []diag.Family {
	return []diag.Family{
		delivery, repeat, turns, users, head, post, direct, errors, exposure, traversal, forged, hosts, scheme, echo, canary, pages,
		ranges, oddRanges, validators, oddValidators, encodings, types, sizes, changes, shrinks, names, oddNames,
		large, refusals,
	}
}

// Rules are the neutral findings. Their order is the way of a download, from
// the storage to the client, and within a part the more specific first.
func Rules() []diag.Rule {
	return []diag.Rule{
		storageUnreachable, storageNotWritable, storageNotReadable, storageCorrupt, storageVisibleLate,

		backendUnreachable, backendTimeout, proxySchemeLost, backendErrorStatus, backendNoHandoff, backendWrongDialect,
		backendHeaderEmpty, backendHeaderJunk, backendAbsoluteURL, backendDotdot, backendRelativePath,
		backendPathNotURI, backendURINotPath, backendWrongPrefix,

		proxyUnreachable, proxyTimeout, proxyAuthRequired, proxyRedirects, proxyBadGateway,
		proxyHostRejected, proxyRequestHeaderLost, proxyPathRewritten, proxyNotRouted, proxyTruncated, proxyBodyAltered,

		handoffIgnored, handoffLoop, handoffEchoed, handoffNotFound, handoffForbidden, handoffWrongContent,

		proxyCachedHandoff, backendHandoffOnError, backendTrustsClientHeaders, handoffTraversal, handoffInternalExposed, handoffLeaked, backendContentEncoding,
		backendNotOffloading, proxyErrorMasked, proxyCacheControlOverridden, proxyHeaderDuplicated, backendContentType,
		proxyHeaderLost, backendHeadMishandled, proxyMethodBlocked, proxyHeadBroken, backendLengthWithoutBody,
		proxyDirectBroken, proxyPlainAnswerLost, handoffHeadersDropped,

		backendHandlesRange, proxyStaleFile, backendStaleValidator, proxyConditionalBroken, proxyCompressedDownload, proxyRangesBroken, proxyThrottled,

		backendNameDoubleEncoded, backendPlusForSpace, backendNameEncoded, backendNameUnencoded, backendMojibake, handoffNameEncoding,
		storageCaseMismatch, storageUnicodeNormalization,
	}
}
