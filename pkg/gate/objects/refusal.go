package objects

import (
	"encoding/xml"
	"errors"
	"net/http"
	"strconv"
)

// refusal is an error document of S3 (API Reference, Error Responses).
type refusal struct {
	XMLName xml.Name `xml:"Error"`
	Code    string
	Message string
	// Argument is the name of the field that is wrong; its value, which may be a
	// secret, is left out.
	Argument string `xml:"ArgumentName,omitempty"`
	Resource string `xml:",omitempty"`
	Request  string `xml:"RequestId"`
	Host     string `xml:"HostId"`

	status int
}

// Error implements error.
func (r *refusal) Error() string { return r.Code + ": " + r.Message }

func refuse(status int, code, message string) *refusal {
	return &refusal{status: status, Code: code, Message: message}
}

var (
	accessDenied = refuse(http.StatusForbidden, "AccessDenied", "Access Denied")
	expired      = refuse(http.StatusForbidden, "AccessDenied", "Request has expired")
	unknownKey   = refuse(http.StatusForbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
	mismatch     = refuse(http.StatusForbidden, "SignatureDoesNotMatch",
		"The request signature we calculated does not match the signature you provided. Check your key and signing method.")
	incomplete = refuse(http.StatusBadRequest, "AuthorizationQueryParametersError",
		"Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
	noBucket  = refuse(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
	noKey     = refuse(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
	badMethod = refuse(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
)

// authorization is what S3 says of an Authorization field that it does not take.
func authorization(message string) *refusal {
	r := refuse(http.StatusBadRequest, "InvalidArgument", message)
	r.Argument = "Authorization"
	return r
}

// asRefusal is what S3 says of an error.
func asRefusal(err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	return refuse(http.StatusInternalServerError, "InternalError", "We encountered an internal error. Please try again.")
}

// write sends the document.
func (r *refusal) write(w http.ResponseWriter, to *http.Request, id ids) {
	doc := *r
	doc.Request, doc.Host, doc.Resource = id.request, id.host, to.URL.Path
	text, err := xml.Marshal(&doc)
	if err != nil {
		text = nil // the status tells
	}
	text = append([]byte(xml.Header), text...)
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(r.status)
	if to.Method != http.MethodHead {
		_, _ = w.Write(text) // a client that has gone needs no text
	}
}
