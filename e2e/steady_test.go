package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// steady is a record without what differs from run to run: names, ports,
// folders, times and digests become others that are the same in every run,
// equal ones stay equal, and the random bytes of files are left out.
func steady(t testing.TB, rec *diag.Record) *diag.Record {
	t.Helper()
	var text bytes.Buffer
	if err := rec.Save(&text); err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	d := json.NewDecoder(&text)
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		t.Fatal(err)
	}
	s := stabilizer{started: rec.Started, known: map[string]string{}, next: map[string]int{}}
	s.name(rec)
	s.object(tree)
	out, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	same, err := diag.ReadRecord(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return same
}

// noon is when every steady run was.
var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

type stabilizer struct {
	started time.Time
	known   map[string]string // what stands for what
	next    map[string]int    // how many there are of a kind
}

// stands gives what stands for a text: the next one of its kind.
func (s *stabilizer) stands(kind, format, text string) string {
	key := kind + " " + text
	if _, ok := s.known[key]; !ok {
		s.next[kind]++
		s.known[key] = fmt.Sprintf(format, s.next[kind])
	}
	return s.known[key]
}

var (
	tagged   = regexp.MustCompile(`-([0-9a-f]{16})\b`)
	address  = regexp.MustCompile(`127\.\d+\.\d+\.\d+(:|%3A| Port |, )\d{4,5}\b`)
	bare     = regexp.MustCompile(`\b127\.\d+\.\d+\.\d+\b`)
	ours     = regexp.MustCompile(`\bproxydiag-(e2e|nginx|apache2?|lighttpd|caddy)-\d+`)
	httpDate = regexp.MustCompile(`[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT`)
	timedTag = regexp.MustCompile(`"[0-9a-f]{8}-`) // an ETag that begins with the file's time
	hashed   = regexp.MustCompile(`(companion|redacted)-[0-9a-f]{12,16}\b`)
	micro    = regexp.MustCompile(`-[0-9a-f]{13}"`) // an ETag that ends with it, in microseconds
	boundary = regexp.MustCompile(`boundary="?\w+"?`)
	between  = regexp.MustCompile(`127\.0\.0\.1:\d+->`) // in errors: our own port
)

// name takes the names that the run gave: of fixtures, of itself, of the ports.
func (s *stabilizer) name(rec *diag.Record) {
	for _, f := range rec.Fixtures {
		for _, m := range tagged.FindAllStringSubmatch(f.Name, -1) {
			s.stands("tag", "%016x", m[1])
		}
	}
	for i, u := range []diag.URL{rec.Stack.Backend, rec.Stack.Proxy} {
		_, hostPort, _ := strings.Cut(u.Origin(), "://")
		s.known["address "+hostPort] = []string{"127.0.0.1:8000", "127.0.0.1:8080"}[i]
	}
}

func (s *stabilizer) text(text string) string {
	for key, other := range s.known {
		if kind, tag, _ := strings.Cut(key, " "); kind == "tag" {
			text = strings.ReplaceAll(text, tag, other)
		}
	}
	text = between.ReplaceAllString(text, "127.0.0.1:40000->")
	text = address.ReplaceAllStringFunc(text, func(found string) string {
		m := address.FindStringSubmatch(found)
		ip, port, _ := strings.Cut(found, m[1])
		if ip+":"+port == "127.0.0.1:40000" {
			return found
		}
		other := s.stands("address", "127.0.0.1:%d", ip+":"+port)
		if n, err := strconv.Atoi(strings.TrimPrefix(other, "127.0.0.1:")); err == nil && n < 8000 {
			other = fmt.Sprintf("127.0.0.1:%d", 9000+n)
		}
		return strings.Replace(other, ":", m[1], 1)
	})
	text = bare.ReplaceAllString(text, "127.0.0.1")
	text = ours.ReplaceAllString(text, "proxydiag-$1-00000")
	text = httpDate.ReplaceAllStringFunc(text, func(found string) string {
		if at, err := http.ParseTime(found); err == nil {
			return s.time(at).Format(http.TimeFormat)
		}
		return found
	})
	text = timedTag.ReplaceAllStringFunc(text, func(found string) string {
		seconds, err := strconv.ParseInt(found[1:9], 16, 64)
		if err != nil {
			return found
		}
		return fmt.Sprintf(`"%x-`, s.time(time.Unix(seconds, 0)).Unix())
	})
	text = hashed.ReplaceAllStringFunc(text, func(found string) string {
		kind, _, _ := strings.Cut(found, "-")
		return kind + "-" + s.stands(kind, "%012x", found)
	})
	text = micro.ReplaceAllStringFunc(text, func(found string) string { return s.stands("micro", `-%013x"`, found) })
	return boundary.ReplaceAllString(text, "boundary=00000000")
}

// time is a time of the run, or hours and days from it. Other times stay.
func (s *stabilizer) time(at time.Time) time.Time {
	if off := at.Sub(s.started); off.Abs() < 1000*24*time.Hour {
		return noon.Add(off.Round(time.Hour))
	}
	return at.UTC()
}

func (s *stabilizer) object(o map[string]any) {
	if body, ok := o["body"].(map[string]any); ok {
		match := body["match"]
		if o["status"] == json.Number("206") || match == "equal" || match == "prefix" || match == "longer" {
			delete(body, "sample")
			delete(body, "diff_sample")
		}
		if o["status"] == json.Number("206") {
			body["first_diff"] = 0 // by chance a random byte is the same
		}
	}
	for _, key := range keys(o) {
		o[key] = s.value(key, o[key])
	}
	if name, ok := o["name"].(string); ok && strings.EqualFold(name, "Date") && o["value"] != nil {
		o["value"] = noon.Format(http.TimeFormat)
	}
}

// keys are in the order in which a record is written, as far as it matters:
// names that stand for others are counted.
func keys(o map[string]any) []string {
	var list []string
	for _, first := range []string{"stack", "fixtures", "probe", "request"} {
		if _, ok := o[first]; ok {
			list = append(list, first)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(o)) {
		if !slices.Contains(list, key) {
			list = append(list, key)
		}
	}
	return list
}

func (s *stabilizer) value(key string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		if key == "timing" {
			return map[string]any{"first_byte": steps(v["first_byte"]), "total": steps(v["total"])}
		}
		s.object(v)
		return v
	case []any:
		for i := range v {
			v[i] = s.value(key, v[i])
		}
		return v
	case json.Number:
		if key == "duration_ms" {
			return 0
		}
		if key == "settled_ms" { // that it took time is told
			return 250
		}
		return v
	case string:
		return s.string(key, v)
	}
	return v
}

func (s *stabilizer) string(key, v string) any {
	switch key {
	case "sample", "diff_sample":
		body, err := base64.StdEncoding.DecodeString(v)
		if err != nil || !utf8.Valid(body) {
			return nil
		}
		return base64.StdEncoding.EncodeToString([]byte(s.text(string(body))))
	case "sha256":
		return s.stands("digest", "%064x", v)
	case "started", "time", "not_before", "not_after":
		return noon.Format(time.RFC3339)
	}
	if run, probe, ok := strings.Cut(v, "."); ok && len(run) == 8 && key == "value" || key == "probe" && ok {
		if strings.Trim(run, "0123456789abcdef") == "" {
			return "00000000." + probe
		}
	}
	return s.text(v)
}

// steps are milliseconds in steps of half a second: what a rate limit makes of
// them stays, what a busy machine does goes.
func steps(ms any) float64 {
	n, _ := ms.(json.Number)
	f, _ := n.Float64()
	return math.Round(f/500) * 500
}
