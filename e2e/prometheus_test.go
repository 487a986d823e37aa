package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// manyTargets is how many proxies Prometheus has proxydiag look at.
const manyTargets = 200

// TestPrometheus has the real Prometheus scrape the metrics of one proxydiag,
// and the probes of 200 proxies, three of which do not deliver.
func TestPrometheus(t *testing.T) {
	prometheus, promtool := need.Server(t, "prometheus"), need.Server(t, "promtool")
	storage, spec := t.TempDir(), sendfile.Spec{Dialect: sendfile.Dialects()[0], Prefix: "/protected/"}
	app := httptest.NewServer(&application{Storage: storage, Base: "/dl/", Spec: spec})
	defer app.Close()
	at, err := url.Parse(app.URL)
	if err != nil {
		t.Fatal(err)
	}
	right := &sendfile.Proxy{Backend: at, Dialect: spec.Dialect, Prefix: spec.Prefix, Root: storage}
	wrong := &sendfile.Proxy{Backend: at, Dialect: sendfile.Dialects()[1], Prefix: spec.Prefix, Root: storage} // heeds another header
	var targets []string
	for i := range manyTargets {
		var h http.Handler = right
		if i%70 == 0 {
			h = wrong
		}
		proxy := httptest.NewServer(h)
		defer proxy.Close()
		targets = append(targets, fmt.Sprintf("%q", proxy.Listener.Addr()))
	}
	token := filepath.Join(t.TempDir(), "token")
	write(t, token, "a-token-of-the-test\n")
	e := serving(t, build(t), fmt.Sprintf(`
serve:
  token_file: %s
  checks: {self: {command: "true"}}
  modules:
    downloads:
      targets: 127.0.0.1
      stack: {storage: %q, backend: "%s/dl/", proxy: "http://{target}/dl/", sendfile: "nginx:/protected/"}
`, token, storage, app.URL))

	rules, err := filepath.Abs("../contrib/prometheus-rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir, addr := t.TempDir(), freeAddr(t)
	write(t, filepath.Join(dir, "prometheus.yml"), fmt.Sprintf(`
global: {scrape_interval: 12s, scrape_timeout: 10s, evaluation_interval: 1s}
rule_files: [%s]
scrape_configs:
  - job_name: proxydiag
    scrape_interval: 1s
    scrape_timeout: 1s
    authorization: {credentials_file: %s}
    static_configs: [{targets: [%q]}]
  - job_name: proxydiag-probes
    metrics_path: /probe
    params: {module: [downloads]}
    authorization: {credentials_file: %s}
    static_configs: [{targets: [%s]}]
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__param_target], target_label: instance}
      - {target_label: __address__, replacement: %q}
`, rules, token, strings.TrimPrefix(e.URL, "http://"), token, strings.Join(targets, ", "), strings.TrimPrefix(e.URL, "http://")))
	if out, err := exec.Command(promtool, "check", "config", filepath.Join(dir, "prometheus.yml")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var log syncBuffer
	cmd := exec.Command(prometheus, "--config.file", filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path", filepath.Join(dir, "data"), "--web.listen-address", addr)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v\n%s", err, &log)
		}
	}()
	const broken = (manyTargets + 69) / 70
	for query, want := range map[string]float64{
		`proxydiag_check_state{check="self",state="up",job="proxydiag"}`: 1,
		`count(probe_success)`:                             manyTargets,
		`count(up{job="proxydiag-probes"} == 1)`:           manyTargets,
		`sum(probe_success)`:                               manyTargets - broken,
		`count(proxydiag_probe_finding{severity="error"})`: broken,
		`count(proxydiag_probe_leg_duration_seconds{leg="end-to-end",phase="total"})`: manyTargets,
		`count(ALERTS{alertname="ProxydiagProbeFailed",alertstate="pending"})`:        broken,
	} {
		eventually(t, addr, query, want, &log)
	}
	for _, path := range []string{"/metrics", "/probe?module=downloads&target=" + strings.Trim(targets[0], `"`)} {
		check := exec.Command(promtool, "check", "metrics")
		check.Stdin = strings.NewReader(fetch(t, e.URL+path, "a-token-of-the-test"))
		if out, err := check.CombinedOutput(); err != nil || strings.Contains(string(out), "proxydiag_") {
			t.Errorf("%s: %v\n%s", path, err, out)
		}
	}
	if left, err := os.ReadDir(storage); err != nil || len(left) > 0 && t.Failed() {
		t.Errorf("%v %v", left, err)
	}
	if text := e.log.String(); strings.Contains(text, "a-token-of-the-test") {
		t.Error("the token is in the log")
	}
}

// fetch asks with a token.
func fetch(t *testing.T, address, token string) string {
	t.Helper()
	req, err := http.NewRequest("GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text := readAll(t, resp)
	if resp.StatusCode != 200 {
		t.Fatalf("%s: %d %s", address, resp.StatusCode, text)
	}
	return text
}

func readAll(t *testing.T, resp *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// eventually asks Prometheus until a query has a value.
func eventually(t *testing.T, addr, query string, want float64, log fmt.Stringer) {
	t.Helper()
	last := ""
	for deadline := time.Now().Add(90 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		resp, err := http.Get("http://" + addr + "/api/v1/query?query=" + url.QueryEscape(query))
		if err != nil {
			last = err.Error()
			continue
		}
		last = readAll(t, resp)
		resp.Body.Close()
		var answer struct {
			Data struct{ Result []struct{ Value []any } }
		}
		if err := json.Unmarshal([]byte(last), &answer); err != nil || len(answer.Data.Result) != 1 {
			continue
		}
		if got := answer.Data.Result[0].Value; len(got) == 2 && got[1] == fmt.Sprint(want) {
			return
		}
	}
	t.Errorf("%s is not %v: %s\n%s", query, want, last, log)
}
