package nginx

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// Words from which sites and requests are made. Few, so that they meet.
var (
	genPrefixes = []string{"/", "/a", "/a/", "/a/b", "/a/b/", "/ab", "/media/", "/media", "/b", "/dl/", "/in/", "/.", "/a/b/c"}
	genRegexes  = []string{`\.txt$`, `^/a`, `^/(.*)/b`, `^/a/(?<tail>.*)$`, `/b/(c|.+)`, `^/[^/]+$`, `(?!/a)^/.b`, `^/media/(.+)\.(txt|png)$`, `^/(\w)/\1?`, "/a", "/a/b", "/b", "/media/"}
	genURIs     = []string{
		"/", "/a", "/a/", "/a/b", "/a/b/", "/a/b/c", "/a/b/c.txt", "/a/b.txt", "/b/c.txt", "/b.txt", "/ab", "/ab/c", "/media/a.txt",
		"/media", "/media/", "/mediaa.txt", "/a%20b", "/a/b%2Fc?x=1", "/a//b", "/a/./b/../b.txt?x=2&y", "/A/b", "/in/x", "/.b", "/a/b?x=0",
		"/dl/x", "/bb/b", "/a/b/c/d?x=1%20", "/a+b", "/a/b;c",
	}
	genHandoffs = []string{"", "", "", "/in/a.txt", "/a/b/c.txt", "/in/a%20b?x=1", "@f", "/media/a.txt"}
	genSimple   = []string{
		`return 200 "$uri|$1|$2|$args|$tail|$v|$m";`, `return 404;`, `return 302 /to$uri;`, `proxy_pass http://BACKEND;`, `proxy_pass http://BACKEND/u/;`,
		`proxy_pass http://BACKEND/u;`, `root ROOT;`, `root ROOT/media;`, `try_files $uri /b.txt;`, `try_files $uri $uri/ @f;`,
		`try_files $uri =404;`, `set $w $1; return 200 "$w";`, `error_page 404 = @f;`, `error_page 403 404 /b.txt;`, `index b.txt;`,
	}
	genAlias    = []string{`alias ROOT/media/;`, `alias ROOT/;`, `alias ROOT/a;`}
	genRewrites = []string{
		`rewrite ^/a/(.*)$ /b/$1;`, `rewrite ^/a(.*)$ /media$1 break;`, `rewrite ^/(.*)b(.*)$ /$1$2 last;`, `rewrite /c /a/b/c.txt? last;`,
		`rewrite ^/in/(.*)$ /media/$1 break;`, `if ($arg_x) { set $v "x$arg_x"; }`, `if ($arg_x = 1) { return 403; }`,
		`if ($uri ~ "^/(.)(.*)") { set $v $2; }`, `if ($arg_x = 2) { rewrite ^ /b/c.txt last; }`, `break;`, `set $v $uri;`,
		`if ($args ~ y) { break; }`, `rewrite ^/ab(.*)$ /x$1 redirect;`,
	}
	genIfs    = []string{`if ($arg_x) { proxy_pass http://BACKEND; }`, `if ($args) { root ROOT/media; }`, `if ($arg_y = "") { set $w 1; }`}
	genAccess = []string{"internal;", "deny all;", "allow 127.0.0.1; deny all;", "deny 10.0.0.0/8;", "satisfy any;"}
)

// generate writes a site at random; nginx may refuse it.
func generate(r *rand.Rand) string {
	pick := func(from []string) string { return from[r.IntN(len(from))] }
	var b strings.Builder
	b.WriteString("map $uri $m { default none; ~^/a(.*)$ a; /b/c.txt c; }\nserver {\nlisten LISTEN;\nset $v 0;\nset $w 0;\n")
	if r.IntN(2) == 0 {
		b.WriteString("root ROOT;\n")
	}
	if r.IntN(3) == 0 {
		b.WriteString(pick(genRewrites) + "\n")
	}
	if r.IntN(4) == 0 {
		b.WriteString("error_page 404 = @f;\n")
	}
	if r.IntN(6) == 0 {
		b.WriteString("merge_slashes off;\n")
	}
	b.WriteString("location @f {\nreturn 200 \"f $uri $1\";\n}\n")
	b.WriteString("location ~ \"^/never(?<tail>x)$\" {\nreturn 204;\n}\n")
	used := map[string]bool{}
	var location func(depth int, within string)
	location = func(depth int, within string) {
		name, regex := "", false
		n := r.IntN(7)
		switch {
		case n < 2 || strings.ContainsAny(within, `^\(`):
			name, regex = `~ "`+pick(genRegexes)+`"`, true
		case n == 2:
			name = "= " + pick(genPrefixes)
		case n == 3:
			name = "^~ " + pick(genPrefixes)
		default:
			name = pick(genPrefixes)
		}
		if key := strings.TrimPrefix(name, "^~ "); used[key] || !regex && !strings.HasPrefix(strings.TrimPrefix(key, "= "), within) {
			return
		} else {
			used[key] = true
		}
		fmt.Fprintf(&b, "location %s {\n", name)
		if r.IntN(6) == 0 {
			b.WriteString(pick(genAccess) + "\n")
		}
		for range r.IntN(3) {
			b.WriteString(pick(genRewrites) + "\n")
		}
		if r.IntN(4) == 0 {
			b.WriteString(pick(genIfs) + "\n" + pick(genIfs) + "\n")
		}
		if r.IntN(5) == 0 {
			b.WriteString(pick(genAlias) + "\n")
		} else {
			simple := pick(genSimple)
			if regex { // a URI part is not allowed there
				simple = strings.ReplaceAll(simple, "BACKEND/u", "BACKEND")
				simple = strings.ReplaceAll(simple, "BACKEND/", "BACKEND")
			}
			b.WriteString(simple + "\n")
		}
		if depth < 2 && !strings.HasPrefix(name, "=") {
			inside := strings.TrimPrefix(name, "^~ ")
			if regex { // a prefix in it must begin with the pattern's text
				inside = strings.Trim(name, `~ "`)
			}
			for range r.IntN(3) {
				location(depth+1, inside)
			}
		}
		b.WriteString("}\n")
	}
	for range 3 + r.IntN(6) {
		location(0, "")
	}
	b.WriteString("}\n")
	return b.String()
}

func TestRouteGenerated(t *testing.T) {
	root, app := tree(t), backend(t)
	pairs, refused := 0, 0
	for seed := range uint64(genSites) {
		r := rand.New(rand.NewPCG(seed, 7))
		site := generate(r)
		var asks []ask
		for _, uri := range genURIs {
			asks = append(asks, ask{method: "GET", host: "h", uri: uri, handoff: genHandoffs[r.IntN(len(genHandoffs))]})
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			pairs += against(t, site, root, app, asks, func(err error) {
				refused++
				t.Log(err)
				if !strings.Contains(err.Error(), "[emerg]") {
					t.Error(err)
				}
			})
		})
	}
	t.Logf("%d pairs, %d sites refused", pairs, refused)
	if !t.Failed() && pairs < 500 {
		t.Errorf("only %d pairs, %d sites were refused", pairs, refused)
	}
}

// genSites is how many sites are generated: about 15 ms each.
const genSites = 80
