package checks

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/proxydiag/proxydiag/pkg/health"
)

// mostBody is how much of an answer is read.
const mostBody = 1 << 20

// HTTP asks for a URL. It follows no redirect and heeds no proxy of the
// environment.
type HTTP struct {
	URL      string        `yaml:"http" doc:"the URL that is asked for"`
	Status   []int         `yaml:"status" doc:"the statuses that are right; without it all from 200 to 399"`
	Contains string        `yaml:"contains" doc:"a text that the answer must have in its first MiB"`
	Method   string        `yaml:"method" doc:"GET or HEAD"`
	Header   []string      `yaml:"header" doc:"NAME: VALUE to send"`
	Warn     time.Duration `yaml:"warn" doc:"a slower answer is a warning"`
	Insecure bool          `yaml:"insecure" doc:"accept any TLS certificate"`
}

// Validate implements [Check].
func (c *HTTP) Validate() error {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return errors.New("http: write the URL like https://www.example.org/")
	case c.Method != "" && c.Method != http.MethodGet && c.Method != http.MethodHead:
		return fmt.Errorf("method: %s may change something; choose GET or HEAD", c.Method)
	case c.Method == http.MethodHead && c.Contains != "":
		return errors.New("contains: an answer to HEAD has no body; leave method out")
	}
	for _, status := range c.Status {
		if status < 100 || status > 599 {
			return fmt.Errorf("status: %d is none of HTTP", status)
		}
	}
	_, err = c.header()
	return err
}

func (c *HTTP) header() (http.Header, error) {
	h := http.Header{}
	for _, line := range c.Header {
		name, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		if !ok || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return nil, errors.New("header: write a field as NAME: VALUE")
		}
		h.Add(name, value)
	}
	return h, nil
}

// Check implements [Check].
func (c *HTTP) Check(ctx context.Context) (health.Observation, error) {
	method := c.Method
	if method == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL, nil)
	if err != nil {
		return none(bare(err))
	}
	if req.Header, err = c.header(); err != nil {
		return none(err)
	}
	req.Host = req.Header.Get("Host")
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: c.Insecure}}
	client := http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	start := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return none(bare(err))
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, mostBody))
	took := time.Since(start)
	right := resp.StatusCode >= 200 && resp.StatusCode < 400
	if c.Status != nil {
		right = slices.Contains(c.Status, resp.StatusCode)
	}
	switch {
	case !right:
		return none(fmt.Errorf("it answers %d", resp.StatusCode))
	case err != nil:
		return none(fmt.Errorf("it answers %d and breaks off: %w", resp.StatusCode, bare(err)))
	case !strings.Contains(string(text), c.Contains):
		return none(fmt.Errorf("it answers %d without %q", resp.StatusCode, c.Contains))
	}
	return slow(fmt.Sprintf("it answers %d", resp.StatusCode), took, c.Warn)
}
