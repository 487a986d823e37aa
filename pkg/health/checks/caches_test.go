package checks

import (
	"strings"
	"testing"

	"github.com/gomodule/redigo/redis"

	"github.com/proxydiag/proxydiag/internal/servicetest"
)

// hush is a password that must show in no message. Its characters are written
// in other ways in URLs.
const hush = "hu/sh+quiet"

const hushInURL = "hu%2Fsh+quiet"

// outcomes compares what checks say with the beginnings that are wanted, and
// holds that no message has the password in it.
func outcomes(t *testing.T, want map[string][]Check) {
	t.Helper()
	for w, list := range want {
		for _, c := range list {
			got := outcome(t, c)
			if !strings.HasPrefix(got, w) || w == "" && got != "" {
				t.Errorf("%T: %q, want %q", c, got, w)
			}
			if strings.Contains(got, hush) || strings.Contains(got, hushInURL) {
				t.Errorf("%T tells the password: %q", c, got)
			}
		}
	}
}

func TestRedis(t *testing.T) {
	t.Parallel()
	s := servicetest.Redis(t, hush)
	url := "redis://:" + hushInURL + "@" + s.Addr
	client, err := redis.DialURLContext(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	do := func(command string, args ...any) any {
		t.Helper()
		reply, err := client.Do(command, args...)
		if err != nil {
			t.Fatal(err)
		}
		return reply
	}
	do("LPUSH", "jobs", 1, 2, 3)
	do("SET", "text", "x")
	do("ACL", "SETUSER", "reader", "on", ">"+hush, "~*", "+ping")
	reader := strings.Replace(url, "://", "://reader", 1)
	outcomes(t, map[string][]Check{
		"": {&Redis{URL: url}, &Redis{URL: url + "/3"}, &Redis{URL: s.Addr, Password: hush}, &Redis{URL: url, Prefix: "app:"}, &Redis{URL: reader, ReadOnly: true},
			&Redis{URL: url, Queue: "jobs", Longest: 3}, &Redis{URL: url, Queue: "empty"}},
		"warning: a value was set":          {&Redis{URL: url, Warn: 1}},
		"warning: 3 messages in jobs; more": {&Redis{URL: url, Queue: "jobs", Longest: 2}},
		"the queue text: WRONGTYPE":         {&Redis{URL: url, Queue: "text"}},
		"SET: NOPERM":                       {&Redis{URL: reader}},
		"SET: NOAUTH":                       {&Redis{URL: s.Addr}},
		"WRONGPASS":                         {&Redis{URL: s.Addr, Password: hush + "x"}},
		"dial tcp":                          {&Redis{URL: "redis://:" + hushInURL + "@127.0.0.1:1"}},
		"invalid: redis: ":                  {&Redis{}, &Redis{URL: "http://x"}, &Redis{URL: "redis://:" + hushInURL + "@h:port/"}, &Redis{URL: "h"}},
		"invalid: longest: ":                {&Redis{URL: url, Longest: 1}},
		"invalid: prefix: ":                 {&Redis{URL: url, Prefix: "x", ReadOnly: true}},
	})
	if keys := do("KEYS", "*").([]any); len(keys) != 2 {
		t.Errorf("left behind: %q", keys)
	}
	do("CONFIG", "SET", "maxmemory", "1")
	outcomes(t, map[string][]Check{"SET: OOM": {&Redis{URL: url}}})
	s.Stop(t)
	outcomes(t, map[string][]Check{"dial tcp": {&Redis{URL: url}}})
}

func TestMemcached(t *testing.T) {
	t.Parallel()
	s := servicetest.Memcached(t)
	outcomes(t, map[string][]Check{
		"":                          {&Memcached{Address: s.Addr}, &Memcached{Address: s.Addr, Prefix: "app:"}},
		"warning: a value was set":  {&Memcached{Address: s.Addr, Warn: 1}},
		"set: dial unix":            {&Memcached{Address: "/nowhere"}},
		"invalid: memcached: ":      {&Memcached{}, &Memcached{Address: "h"}},
		"invalid: prefix: at most ": {&Memcached{Address: s.Addr, Prefix: "a b"}},
	})
	s.Stop(t)
	outcomes(t, map[string][]Check{"set: dial tcp": {&Memcached{Address: s.Addr}}})
}
