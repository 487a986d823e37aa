// Package all is the one list of server kinds and of stores.
package all

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/proxydiag/proxydiag/apache"
	"github.com/proxydiag/proxydiag/caddy"
	"github.com/proxydiag/proxydiag/lighttpd"
	"github.com/proxydiag/proxydiag/nginx"
	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/fixture/remote"
	"github.com/proxydiag/proxydiag/pkg/fixture/s3"
	"github.com/proxydiag/proxydiag/pkg/fixture/sftp"
	"github.com/proxydiag/proxydiag/pkg/fixture/webdav"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// Kinds are the proxy servers that are known.
func Kinds() []server.Kind {
	return []server.Kind{nginx.Kind, apache.Kind, lighttpd.Kind, caddy.Kind}
}

// Kind finds a kind by its name.
func Kind(name string) (server.Kind, bool) {
	for _, k := range Kinds() {
		if k.Name == name {
			return k, true
		}
	}
	return server.Kind{}, false
}

// Rules are all findings: the neutral ones and those of every kind.
func Rules() []diag.Rule {
	rules := check.Rules()
	for _, k := range Kinds() {
		rules = append(rules, k.Rules...)
	}
	return rules
}

// Families are all groups of probes and looks.
func Families() []diag.Family {
	families := check.Families()
	for _, k := range Kinds() {
		families = append(families, k.Families...)
	}
	return families
}

// Judge is the verdict on a record by all that is known.
func Judge(rec *diag.Record) diag.Report {
	var experts []diag.Expert
	for _, k := range Kinds() {
		experts = append(experts, diag.Expert{Enrich: k.Enrich, Way: k.Way})
	}
	return diag.Judge(rec, Rules(), check.Checks(), experts...)
}

// store is one kind of storage.
type store struct {
	scheme string // of its URLs; "" is a folder's path
	open   func(storage string, o remote.Options) (fixture.Store, error)
}

func stores() []store {
	list := []store{
		{"", openDir},
		{"file", openDir},
		{s3.Scheme, network(s3.Open)},
	}
	for _, scheme := range webdav.Schemes() {
		list = append(list, store{scheme, network(webdav.Open)})
	}
	return append(list, store{sftp.Scheme, network(sftp.Open)})
}

// OpenStore opens a storage: a folder, or a URL of a known kind. It does not
// look whether the storage is there; that is for the storage leg to find out.
func OpenStore(storage string, o remote.Options) (fixture.Store, error) {
	scheme, _, isURL := strings.Cut(storage, "://")
	if !isURL {
		scheme = ""
	}
	var known []string
	for _, s := range stores() {
		if s.scheme == scheme {
			return s.open(storage, o)
		}
		if s.scheme != "" {
			known = append(known, s.scheme+"://")
		}
	}
	return nil, fmt.Errorf("--storage %s: no such kind of storage; give a folder or a URL that begins with %s",
		remote.Mask(storage), strings.Join(known, ", "))
}

// Storages says what a storage is given as, for people.
func Storages() string {
	list := []string{"a folder"}
	for _, s := range stores() {
		if s.scheme == "file" {
			list = append(list, "file:///…")
		} else if s.scheme != "" {
			list = append(list, s.scheme+"://…")
		}
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}

// network makes a store behind a network one of many.
func network[S fixture.Store](open func(string, remote.Options) (S, error)) func(string, remote.Options) (fixture.Store, error) {
	return func(storage string, o remote.Options) (fixture.Store, error) {
		s, err := open(storage, o)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
}

func openDir(storage string, _ remote.Options) (fixture.Store, error) {
	if rest, ok := strings.CutPrefix(storage, "file://"); ok && !strings.HasPrefix(rest, "/") {
		return nil, fmt.Errorf("--storage %s: a file URL has three slashes before the path: file:///%s", storage, rest)
	}
	if !strings.HasPrefix(storage, "file://") {
		abs, err := filepath.Abs(storage)
		if err != nil {
			return nil, fmt.Errorf("--storage %s: %w", storage, err)
		}
		storage = abs
	}
	return fixture.OpenDir(storage), nil
}
