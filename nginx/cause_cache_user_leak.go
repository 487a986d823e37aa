package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var cacheUserLeak = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-cache-user-leak", Part: diag.PartProxy, Severity: diag.Error,
		Title: "A cache in the internal location is keyed by the client's URL",
		Text: "The internal location fetches the file through a cache whose key holds the URL that the client " +
			"asked for. Two users who get different files under one URL get the same one from the cache.",
		Fix: "Key the cache by the internal URI: proxy_cache_key $scheme$proxy_host$uri$is_args$args;",
		Before: `proxy_cache_path /var/cache/nginx keys_zone=files:10m;
server {
    listen 80;
    location /dl/ { proxy_pass http://127.0.0.1:8000; }
    location /protected/ {
        internal;
        proxy_pass http://storage.example.org/;
        proxy_cache files;
        proxy_cache_key $host$request_uri;
    }
}`,
		After: `proxy_cache_path /var/cache/nginx keys_zone=files:10m;
server {
    listen 80;
    location /dl/ { proxy_pass http://127.0.0.1:8000; }
    location /protected/ {
        internal;
        proxy_pass http://storage.example.org/;
        proxy_cache files;
        proxy_cache_key $scheme$proxy_host$uri$is_args$args;
    }
}`,
		Source: "nginx documentation, ngx_http_proxy_module, proxy_cache_key",
	},
	Check:    "exposure",
	Anyway:   true,
	Explains: []string{"proxy-stale-file"},
	Static:   true,
	Judge:    judgeConfig(judgeCacheUserLeak),
}

func judgeCacheUserLeak(s *site) []diag.Finding {
	var list []diag.Finding
	for _, l := range s.locations() {
		cache, key := last(l, "proxy_cache"), last(l, "proxy_cache_key")
		if !isInternal(l) || handlerOf(l) == nil || cache == nil || cache.Arg(0) == "off" || key == nil {
			continue
		}
		value := strings.Join(key.Texts(0), " ")
		byURI := strings.Contains(strings.ReplaceAll(value, "$request_uri", ""), "uri") || strings.Contains(value, "$upstream_http_") || strings.Contains(value, "$cookie") || strings.Contains(value, "$http_")
		if strings.Contains(value, "$request_uri") && !byURI {
			list = append(list, *s.Found(key, "%s is in force in %s, which answers handoffs.", key, l))
		}
	}
	return list
}
