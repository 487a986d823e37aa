package propose

import (
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// most is how many of each sort are tried: a configuration has few addresses
// and paths, what is not one of the first is named by the user.
const most = 60

// textsOf are the lines of a configuration without comments.
func textsOf(source conf.Source) []string {
	var lines []string
	for _, f := range source.Files {
		if f.Kind != "" {
			continue
		}
		for line := range strings.Lines(f.Text) {
			line, _, _ = strings.Cut(strings.TrimSpace(line), "#")
			if line = strings.TrimSpace(line); line != "" {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

var (
	pathWord = regexp.MustCompile(`(?:^|[\s"'(^=])(/[\w./-]*)`)
	portWord = regexp.MustCompile(`(?:^|[\s"':=*\]])(\d{2,5})(?:[^.\d]|$)`)
	addrWord = regexp.MustCompile(`\b(\d{1,3}(?:\.\d{1,3}){3}):(\d{1,5})\b`)
	hostWord = regexp.MustCompile(`(?:^|[\s"'/=])((?:[a-z0-9-]+\.)+[a-z]{2,})(?:[\s;"':{,/>]|$)`)
)

// paths are the paths that stand in a text, as folders, and the one for
// all others.
func paths(lines []string) []string {
	var list []string
	for _, line := range lines {
		for _, m := range pathWord.FindAllStringSubmatch(line, -1) {
			dir := strings.TrimSuffix(m[1], "/") + "/"
			if !strings.Contains(dir, "/.") && !strings.Contains(dir, "//") && dir != "/" && !slices.Contains(list, dir) && len(list) < most {
				list = append(list, dir)
			}
		}
	}
	return append(list, "/")
}

// bases are the addresses at which the proxy may be asked: addresses that stand in the
// text, the ports that do on this machine, then by the names that stand there.
func bases(lines []string, only *url.URL) []url.URL {
	if only != nil {
		return []url.URL{*only}
	}
	var ports, hosts []string
	for _, line := range lines {
		for _, m := range portWord.FindAllStringSubmatch(line, -1) {
			if n, _ := strconv.Atoi(m[1]); n > 0 && n < 1<<16 && !slices.Contains(ports, m[1]) && len(ports) < most {
				ports = append(ports, m[1])
			}
		}
		for _, m := range hostWord.FindAllStringSubmatch(line, -1) {
			if !slices.Contains(hosts, m[1]) && len(hosts) < most/10 {
				hosts = append(hosts, m[1])
			}
		}
	}
	// The usual ports of web servers come first, then what is written.
	usual := []string{"443", "80"}
	for _, p := range usual {
		if i := slices.Index(ports, p); i >= 0 {
			ports = slices.Insert(slices.Delete(ports, i, i+1), 0, p)
		}
	}
	if len(ports) == 0 {
		ports = usual[1:]
	}
	var list []url.URL
	for _, line := range lines {
		for _, m := range addrWord.FindAllStringSubmatch(line, -1) {
			if u := base(m[1], m[2]); m[1] != "0.0.0.0" && !slices.Contains(list, u) && len(list) < most {
				list = append(list, u)
			}
		}
	}
	for _, host := range append([]string{"127.0.0.1"}, hosts...) {
		for _, port := range ports {
			list = append(list, base(host, port))
		}
	}
	// A certificate is for a name.
	named := func(u url.URL) int {
		if u.Scheme == "https" && net.ParseIP(u.Hostname()) != nil {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(list, func(a, b url.URL) int { return named(a) - named(b) })
	return list
}

func base(host, port string) url.URL {
	switch port {
	case "80":
		return url.URL{Scheme: "http", Host: host}
	case "443":
		return url.URL{Scheme: "https", Host: host}
	case "8443":
		return url.URL{Scheme: "https", Host: net.JoinHostPort(host, port)}
	}
	return url.URL{Scheme: "http", Host: net.JoinHostPort(host, port)}
}
