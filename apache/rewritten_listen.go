package apache

import (
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// anyHost stands for every address.
const anyHost = "*"

// endpoint is an address that a configuration listens on.
type endpoint struct {
	host     string // anyHost, an address or a name
	port     string
	protocol string // the second argument of Listen
	by       *conf.Directive
}

// String is how a Port names it.
func (e endpoint) String() string { return e.host + ":" + e.port }

// hostOf is a host of Listen or VirtualHost in one form.
func hostOf(host string) string {
	switch strings.ToLower(host) {
	case "", anyHost, "_default_", "0.0.0.0", "::", "[::]", "255.255.255.255":
		return anyHost
	case "localhost":
		return "127.0.0.1"
	}
	return host
}

// endpoints are what a configuration listens on: its Listens, and, for a
// fragment, the ports of its virtual hosts, as the rest of it has those.
func (c *Config) endpoints() []endpoint {
	var list []endpoint
	for _, d := range c.Top.All("Listen") {
		host, port := splitPort(d.Arg(0))
		if !strings.Contains(d.Arg(0), ":") {
			host, port = "", d.Arg(0)
		}
		list = append(list, endpoint{hostOf(host), port, d.Arg(1), d})
	}
	if c.Fragment || len(list) == 0 {
		for _, v := range c.Top.All("VirtualHost") {
			for _, a := range v.Args {
				e := endpoint{host: anyHost, port: newAddr(a).port, by: v}
				if e.port != "" && !slices.ContainsFunc(list, func(l endpoint) bool { return l.port == e.port }) {
					list = append(list, e)
				}
			}
		}
	}
	if len(list) == 0 {
		list = append(list, endpoint{host: anyHost, port: "80"})
	}
	return list
}

// addresses are the addresses of a sandbox for those of a configuration: an
// address of 127.0.0.0/8 for each host, so that virtual hosts are found as they
// are, and the same ports where they can be had.
type addresses struct {
	endpoints []endpoint
	hosts     []string          // anyHost first
	host      map[string]string // of the sandbox, by host
	port      map[string]string // of the sandbox, by port
}

// choose takes addresses that are free now.
func (c *Config) choose() (addresses, error) {
	a := addresses{endpoints: c.endpoints(), hosts: []string{anyHost}, host: map[string]string{}, port: map[string]string{}}
	note := func(host string) {
		if !slices.Contains(a.hosts, host) {
			a.hosts = append(a.hosts, host)
		}
	}
	for _, e := range a.endpoints {
		note(e.host)
	}
	for _, v := range c.Top.All("VirtualHost") {
		for _, arg := range v.Args {
			host, _ := splitPort(arg.Text)
			note(hostOf(host))
		}
	}
	if len(a.hosts) > 250 {
		return a, fmt.Errorf("more than 250 addresses in one configuration")
	}
	b, d := rand.IntN(256), rand.IntN(256)
	for i, h := range a.hosts {
		a.host[h] = net.IPv4(127, byte(b), byte(d), byte(2+i)).String()
	}
	for _, e := range a.endpoints {
		if _, ok := a.port[e.port]; ok {
			continue
		}
		port, err := a.freePort(e.port)
		if err != nil {
			return a, err
		}
		a.port[e.port] = port
	}
	return a, nil
}

// freePort is a port that is free on every host: the wanted one, or else another one.
func (a addresses) freePort(want string) (string, error) {
	var err error
	for _, try := range []string{want, "0", "0", "0", "0"} {
		port := try
		for _, h := range a.hosts {
			var l net.Listener
			if l, err = net.Listen("tcp4", net.JoinHostPort(a.host[h], port)); err != nil {
				break
			}
			port = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
			_ = l.Close()
		}
		if err == nil {
			return port, nil
		}
	}
	return "", fmt.Errorf("cannot listen on loopback for Apache: %w", err)
}

// covered are the hosts at which an endpoint takes connections.
func (a addresses) covered(e endpoint) []string {
	if e.host == anyHost {
		return a.hosts
	}
	return []string{e.host}
}

// listens are the arguments of Listen.
func (a addresses) listens() []string {
	var list []string
	for _, e := range a.endpoints {
		for _, h := range a.covered(e) {
			l := net.JoinHostPort(a.host[h], a.port[e.port])
			switch {
			case e.protocol != "":
				l += " " + e.protocol
			case e.port == "443" && a.port[e.port] != "443":
				l += " https" // what the port alone says
			}
			if !slices.ContainsFunc(list, func(known string) bool { return strings.Fields(known)[0] == strings.Fields(l)[0] }) {
				list = append(list, l)
			}
		}
	}
	return list
}

// keys are the sandbox's addresses by those of the configuration.
func (a addresses) keys() map[string]string {
	m := map[string]string{}
	for _, e := range a.endpoints {
		for _, h := range a.covered(e) {
			m[endpoint{host: h, port: e.port}.String()] = net.JoinHostPort(a.host[h], a.port[e.port])
		}
	}
	return m
}

// back are the pairs that put the sandbox's addresses into the user's words.
func (a addresses) back() [][2]string {
	var pairs [][2]string
	name := func(h string) string {
		if h == anyHost {
			return "127.0.0.1"
		}
		return h
	}
	for _, h := range a.hosts {
		for was, is := range a.port {
			pairs = append(pairs, [2]string{a.host[h] + ":" + is, name(h) + ":" + was})
		}
		pairs = append(pairs, [2]string{a.host[h], name(h)})
	}
	return pairs
}

// virtualHost are the arguments of a VirtualHost.
func (a addresses) virtualHost(args []conf.Arg) []string {
	var list []string
	for _, arg := range args {
		host, port := splitPort(arg.Text)
		if !strings.Contains(arg.Text, ":") {
			host, port = arg.Text, ""
		}
		if hostOf(host) == anyHost {
			host = anyHost
		} else {
			host = a.host[hostOf(host)]
		}
		if is, ok := a.port[port]; ok {
			port = is
		}
		if port != "" {
			host += ":" + port
		}
		list = append(list, host)
	}
	return list
}

// local is the sandbox's address of what a configuration listens on itself, by
// an upstream's address.
func (a addresses) local(address string) (string, bool) {
	host, port := splitPort(address)
	host = hostOf(host)
	for _, e := range a.endpoints {
		if e.port != port {
			continue
		}
		switch {
		case slices.Contains(a.hosts, host) && (e.host == host || e.host == anyHost):
			return net.JoinHostPort(a.host[host], a.port[port]), true
		case e.host == anyHost && host == "127.0.0.1":
			return net.JoinHostPort(a.host[anyHost], a.port[port]), true
		}
	}
	return "", false
}
