package nginx

import (
	"regexp"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// digits matches the numbers that nginx reads (ngx_atoi).
var digits = regexp.MustCompile(`^\d+$`)

// ofProcess are directives of a main file about the process and its rights, which
// the sandbox has of its own, or that write files.
var ofProcess = []string{
	"http", "events", "include", "user", "pid", "error_log", "lock_file", "env", "working_directory", "debug_points", "timer_resolution", "thread_pool",
	"worker_cpu_affinity", "worker_priority", "worker_rlimit_core", "worker_shutdown_timeout", "ssl_engine", "google_perftools_profiles",
	"quic_bpf", "ssl_object_cache_inheritable", "mgmt", "state_path",
}

// outside is what stands for the directives of a main file outside of http { }.
// Those that are well formed have the sandbox's values. Others stand as they are
// written, so that nginx refuses them at their lines.
func (w *rewriting) outside() []*conf.Directive {
	if w.conf.Fragment {
		return []*conf.Directive{clamped("worker_processes", "1"), {Name: "events", IsBlock: true}}
	}
	var list []*conf.Directive
	workers, events := false, false
	for _, d := range w.conf.Top.Block {
		switch d.Name {
		case "load_module":
			if d = w.module(d); d != nil {
				list = append(list, d)
			}
		case "stream", "mail", "rtmp":
			w.change(d, "%s { } is not tried, and is left out", d.Name)
		case "worker_processes":
			workers = true
			if len(d.Args) == 1 && (d.Arg(0) == "auto" || digits.MatchString(d.Arg(0))) {
				d = with(d, "1")
			}
			list = append(list, d)
		case "worker_rlimit_nofile":
			if len(d.Args) != 1 || !digits.MatchString(d.Arg(0)) {
				list = append(list, d)
			}
		case "daemon", "master_process":
			if len(d.Args) != 1 || !onOff(d.Arg(0)) {
				list = append(list, d)
			}
		case "events":
			events = true
			list = append(list, w.events(d))
		default:
			if !slices.Contains(ofProcess, d.Name) {
				list = append(list, w.rewrite(d)...)
			}
		}
	}
	if !workers {
		list = append(list, clamped("worker_processes", "1"))
	}
	if !events {
		list = append(list, &conf.Directive{Name: "events", IsBlock: true})
	}
	return list
}

// events is the events block: methods of other systems are left out.
func (w *rewriting) events(d *conf.Directive) *conf.Directive {
	c := copyOf(d)
	for _, inner := range d.Block {
		one := len(inner.Args) == 1
		switch inner.Name {
		case "include":
			continue
		case "debug_connection", "worker_aio_requests", "accept_mutex_delay":
			if one {
				continue
			}
		case "use":
			if one && slices.Contains([]string{"kqueue", "/dev/poll", "eventport", "rtsig"}, inner.Arg(0)) {
				continue
			}
		case "worker_connections", "connections":
			if one && digits.MatchString(inner.Arg(0)) {
				inner = with(inner, "512")
			}
		}
		if !w.left[inner.Pos] && !w.unknown[inner.Name] {
			c.Block = append(c.Block, inner)
		}
	}
	return c
}

func onOff(text string) bool {
	return strings.EqualFold(text, "on") || strings.EqualFold(text, "off")
}

// clamped is a directive that nobody wrote.
func clamped(name, value string) *conf.Directive {
	return with(&conf.Directive{Name: name}, value)
}

// tlsOut end the names of directives about TLS towards what is asked. Source:
// https://nginx.org/en/docs/http/ngx_http_proxy_module.html and its like.
var tlsOut = []string{
	"certificate", "certificate_cache", "certificate_key", "ciphers", "conf_command", "crl", "key_log", "name", "password_file", "protocols",
	"server_name", "session_reuse", "trusted_certificate", "verify", "verify_depth", "alpn",
}

// aboutTLSOut says that a directive is about TLS towards what is asked, and that
// nginx knows it.
func aboutTLSOut(name string) bool {
	module, rest, ok := strings.Cut(name, "_ssl_")
	if !ok || !slices.Contains([]string{"proxy", "grpc", "uwsgi"}, module) {
		return ok
	}
	return slices.Contains(tlsOut, rest)
}

// accessLog is an access log that goes nowhere, with the format that is written,
// for nginx to look for. What another file may define is left out.
func (w *rewriting) accessLog(d *conf.Directive) []*conf.Directive {
	if w.conf.Fragment || w.o.AllowMissing || len(w.left) > 0 || len(d.Args) != 2 {
		return nil
	}
	return []*conf.Directive{with(d, "/dev/null", d.Arg(1))}
}

// limit is nothing for a limit on requests, which many at once would run into,
// unless nobody defines its zone: nginx refuses it.
func (w *rewriting) limit(d *conf.Directive) []*conf.Directive {
	zone := d.Arg(0)
	if d.Name == "limit_req" {
		zone = ""
		for _, a := range d.Texts(0) {
			if name, ok := strings.CutPrefix(a, "zone="); ok {
				zone = name
			}
		}
	}
	if w.conf.Fragment || w.o.AllowMissing || zone == "" {
		return nil
	}
	known := false
	w.conf.HTTP.Walk(func(d *conf.Directive) bool {
		if strings.HasSuffix(d.Name, "_zone") {
			for _, a := range d.Texts(0) {
				name, ok := strings.CutPrefix(a, "zone=")
				name, _, _ = strings.Cut(name, ":")
				known = known || ok && name == zone
			}
		}
		return !known
	})
	if known {
		return nil
	}
	return []*conf.Directive{copyOf(d)}
}
