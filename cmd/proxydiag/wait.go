package main

import (
	"context"
	"crypto/tls"
	"math"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// await waits until the backend and the proxy answer anything at all over
// HTTP, whatever it says, or until limit is over. It sends HEAD for the
// downloads' folder, without credentials, and returns the origins that did not
// answer. What it sees is no part of the diagnosis.
func await(ctx context.Context, stack diag.Stack, o compare.Options, limit time.Duration) (silent []string) {
	interrupted := ctx
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	client := patientClient(o)
	defer client.HTTPClient.CloseIdleConnections()
	ports := []diag.URL{stack.Proxy, stack.Backend}
	answered := make([]bool, len(ports))
	var wg sync.WaitGroup
	for i, port := range ports {
		if port == stack.Backend && stack.Companion {
			answered[i] = true // it is ourselves
			continue
		}
		wg.Go(func() { answered[i] = answers(ctx, client, port) })
	}
	wg.Wait()
	if interrupted.Err() != nil {
		return nil // it is not known who would have answered in time
	}
	for i, port := range ports {
		if at := origin(port); !answered[i] && !slices.Contains(silent, at) {
			silent = append(silent, at)
		}
	}
	return silent
}

func answers(ctx context.Context, client *retryablehttp.Client, port diag.URL) bool {
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodHead, origin(port)+port.Base(), nil)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return true
}

// origin is the URL's scheme, host and port, without a login.
func origin(port diag.URL) string {
	u, err := url.Parse(port.Origin())
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// patientClient asks until an answer comes or the request's context ends.
func patientClient(o compare.Options) *retryablehttp.Client {
	dialer := &net.Dialer{}
	transport := &http.Transport{ // without the environment's proxies
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // a wrong certificate is an answer, and for the check to judge
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if to, ok := o.Resolve[strings.ToLower(addr)]; ok {
				_, port, _ := net.SplitHostPort(addr)
				addr = net.JoinHostPort(to, port)
			}
			return dialer.DialContext(ctx, network, addr)
		},
	}
	client := retryablehttp.NewClient()
	client.HTTPClient = &http.Client{
		Transport: transport, Timeout: o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	client.Logger = nil
	client.RetryWaitMin, client.RetryWaitMax, client.RetryMax = 50*time.Millisecond, time.Second, math.MaxInt32
	client.CheckRetry = func(ctx context.Context, _ *http.Response, err error) (bool, error) {
		return err != nil && ctx.Err() == nil, ctx.Err()
	}
	return client
}
