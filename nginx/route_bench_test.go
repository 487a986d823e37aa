package nginx

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// bigSite is n server blocks of 20 lines, each with names of its own.
func bigSite(n int) string {
	var b strings.Builder
	b.WriteString("events {}\nhttp {\n")
	for i := range n {
		fmt.Fprintf(&b, `    server {
        listen 80;
        server_name site%[1]d.example.com *.site%[1]d.example.com;
        root /srv/www/site%[1]d;
        # the application
        location / {
            proxy_pass http://127.0.0.1:%[2]d;
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP "$remote_addr";
        }
        location ^~ /protected/ {
            internal;
            alias /srv/media/site%[1]d/;
        }
        location ~* \.(png|jpg)$ {
            expires 30d;
        }
        error_page 404 /404.html;
    }

`, i, 8000+i%1000)
	}
	b.WriteString("}\n")
	return b.String()
}

func sourceOf(text string) conf.Source {
	return conf.Source{Roots: []string{"nginx.conf"}, Files: []conf.File{{Path: "nginx.conf", Text: text}}}
}

// routeAll follows a download to each of the servers.
func routeAll(tb testing.TB, c *Config, n int) {
	r := NewRouter(c, RouterOptions{})
	for i := range n {
		t := r.Route(route.Request{Host: fmt.Sprintf("site%d.example.com", i), Addr: "127.0.0.1:80", URI: "/dl/a.bin"})
		t = r.Handoff(t, route.Handoff{Value: "/protected/a.bin"})
		if want := fmt.Sprintf("/srv/media/site%d/a.bin", i); t.File != want {
			tb.Fatalf("got %+v, want %s", t, want)
		}
	}
}

func BenchmarkReadAndRoute(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			text := bigSite(n)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				c, err := Parse(sourceOf(text))
				if err != nil {
					b.Fatal(err)
				}
				routeAll(b, c, n)
			}
		})
	}
}

// TestMemoryIsLinear: eight times the servers take about eight times the memory.
func TestMemoryIsLinear(t *testing.T) {
	allocated := func(n int) float64 {
		text := bigSite(n)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c, err := Parse(sourceOf(text))
		if err != nil {
			t.Fatal(err)
		}
		routeAll(t, c, n)
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc-before.TotalAlloc) / float64(len(text))
	}
	small, large := allocated(250), allocated(2000)
	if large > 1.5*small {
		t.Errorf("%.0f bytes for each byte of 250 servers, %.0f of 2000", small, large)
	}
}
