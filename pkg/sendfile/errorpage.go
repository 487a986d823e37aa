package sendfile

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
)

// ErrorPage names the server whose own page an error's answer is, by the
// dialect's name, "" where it is nobody's: a page of the application's, or one
// that was written for the site. body is the answer's, at least its beginning.
//
// The pages are those that the servers have built in: nginx
// (ngx_http_special_response.c), Apache (ap_send_error_response in
// http_protocol.c), lighttpd (http_response_errdoc), Caddy, which sends none.
func ErrorPage(status int, header http.Header, body []byte) string {
	if status < 300 {
		return ""
	}
	title := "<title>" + strconv.Itoa(status) + " "
	begins := func(text string) bool { return bytes.HasPrefix(body, []byte(text)) }
	has := func(text string) bool { return bytes.Contains(body, []byte(text)) }
	switch {
	case begins("<html>\r\n<head>"+title) && has("</title></head>\r\n<body>") && has("<hr><center>"):
		return "nginx"
	case begins(`<!DOCTYPE HTML PUBLIC "-//`) && has("<html><head>\n"+title) && has("</head><body>\n<h1>"):
		return "apache"
	case begins(`<?xml version="1.0" encoding="iso-8859-1"?>`) && has("  "+title) && has(" <body>\n  <h1>"+strconv.Itoa(status)+" "):
		return "lighttpd"
	case len(body) == 0 && header.Get("Content-Type") == "" && header.Get("Location") == "" && len(header.Values("Server")) == 1 &&
		strings.EqualFold(header.Get("Server"), "caddy"):
		return "caddy"
	}
	return ""
}
