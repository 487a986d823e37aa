package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/report"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// What two answers are expected to be.
const (
	expectSame    = "same"
	expectOffload = "offload"
)

// compareFlags are the flags of compare.
type compareFlags struct {
	client                           clientFlags
	expect, sendfile, format, method string
	header                           []string
	most                             size
}

func newCompare(std streams) *cobra.Command {
	c := compareFlags{most: 1 << 30}
	cmd := &cobra.Command{
		Use:   "compare URL URL",
		Short: "Compare two answers, and say what the differences mean",
		Long: "compare asks for two URLs and lists how the second answer differs from the first, with what\n" +
			"each difference means. The first URL is taken for the backend's, the second for the\n" +
			"proxy's. What changes by itself from one answer to the next is told apart by asking twice.\n\n" +
			"--expect same expects the same status, header and body, --expect offload what a proxy makes\n" +
			"of the first answer's handoff. The exit status is 0 where all is as expected, 1 where it is\n" +
			"not, 3 where it cannot be known: neither URL gives a whole answer, both bodies go on\n" +
			"behind --max-body, or the body is another one at each request.",
		Example: "  proxydiag compare http://127.0.0.1:8000/about https://www.example.org/about\n" +
			"  proxydiag compare http://127.0.0.1:8000/dl/a.pdf https://www.example.org/dl/a.pdf --expect offload",
		Args: exactly("two URLs", 2),
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args, std) },
	}
	f := cmd.Flags()
	f.StringVar(&c.expect, "expect", expectSame, "what is expected: "+strings.Join(expectations(), " or "))
	f.StringVar(&c.sendfile, "sendfile", "", "the proxy's `KIND` ("+strings.Join(sendfile.Names(), ", ")+"), where the handoff header does not tell")
	f.StringVar(&c.method, "method", "GET", "GET or HEAD")
	f.StringArrayVar(&c.header, "header", nil, "`NAME: VALUE` to send with every request, repeatable")
	f.Var(&c.most, "max-body", "how much of a body is read at most")
	f.StringVar(&c.format, "format", "text", "text or json")
	c.client.registerSingle(f)
	complete(cmd, "expect", expectations())
	complete(cmd, "sendfile", sendfile.Names())
	complete(cmd, "format", plainFormats())
	return cmd
}

func expectations() []string { return []string{expectSame, expectOffload} }

// comparison is two answers and how they differ.
type comparison struct {
	Version     int                  `json:"version"`
	Expect      string               `json:"expect"`
	AsExpected  bool                 `json:"as_expected"`
	Compared    bool                 `json:"compared"`      // false: it is not known whether all is as expected
	Why         string               `json:"why,omitempty"` // it is not known
	Backend     answered             `json:"backend"`
	Proxy       answered             `json:"proxy"`
	Differences []compare.Difference `json:"differences"`
}

// answered is an answer in short.
type answered struct {
	URL     string           `json:"url"`
	Status  int              `json:"status,omitempty"`
	Length  int64            `json:"length"`
	TotalMS float64          `json:"total_ms"`
	Failure *compare.Failure `json:"failure,omitempty"`
}

func (c *compareFlags) run(ctx context.Context, urls []string, std streams) error {
	options, err := c.check(urls)
	if err != nil {
		return err
	}
	header, err := parseHeader(c.header)
	if err != nil {
		return err
	}
	client := compare.New(options)
	redact := diag.Redaction(header)
	ask := func(url string) compare.Exchange {
		return redact(client.Capture(ctx, compare.Request{Method: c.method, URL: url, Header: header, Digest: true, MaxBody: int64(c.most)}))
	}
	b, p := ask(urls[0]), ask(urls[1])
	result := comparison{Version: 1, Expect: c.expect, Backend: short(b), Proxy: short(p)}
	result.Differences = c.differences(b, p, nil)
	if result.judge(b, p, nil); !result.AsExpected && result.Compared && b.Status != 0 && p.Status != 0 {
		volatile := append(compare.Volatile(b, ask(urls[0])), compare.Volatile(p, ask(urls[1]))...)
		result.Differences = c.differences(b, p, volatile)
		result.judge(b, p, volatile)
	}
	if ctx.Err() != nil {
		result.AsExpected, result.Compared, result.Why = false, false, interrupted
	}
	if c.format == "json" {
		err = report.JSON(std.out, result)
	} else {
		err = writeComparison(std.out, result)
	}
	switch {
	case err != nil:
		return err
	case !result.Compared:
		return exit(exitInconclusive)
	case !result.AsExpected:
		return exit(exitFound)
	}
	return nil
}

// check checks the flags.
func (c *compareFlags) check(urls []string) (compare.Options, error) {
	if err := checkFormat(c.format); err != nil {
		return compare.Options{}, err
	}
	if !slices.Contains(expectations(), c.expect) {
		return compare.Options{}, fmt.Errorf("--expect %s: choose one of %s", c.expect, strings.Join(expectations(), ", "))
	}
	if c.method != "GET" && c.method != "HEAD" {
		return compare.Options{}, fmt.Errorf("--method %s: compare sends GET or HEAD", c.method)
	}
	if c.sendfile != "" {
		if c.expect != expectOffload {
			return compare.Options{}, fmt.Errorf("--sendfile says how a handoff is acted on; add --expect %s", expectOffload)
		}
		if _, err := c.dialect(compare.Exchange{}); err != nil {
			return compare.Options{}, err
		}
	}
	for i, url := range urls {
		if err := checkURL([]string{"the first URL", "the second URL"}[i], url, false); err != nil {
			return compare.Options{}, err
		}
	}
	return c.client.options()
}

func short(x compare.Exchange) answered {
	return answered{URL: x.Request.URL, Status: x.Status, Length: x.Body.Length, TotalMS: x.Timing.Total, Failure: x.Failure}
}

func writeComparison(w io.Writer, c comparison) error {
	var b strings.Builder
	for _, side := range []struct {
		name string
		answered
	}{{"backend", c.Backend}, {"proxy", c.Proxy}} {
		text := fmt.Sprintf("%d, %d bytes", side.Status, side.Length)
		if side.Failure != nil {
			text = side.Failure.Error()
		}
		fmt.Fprintf(&b, "%-8s %s -> %s\n", side.name, report.Visible(side.URL), report.Visible(text))
	}
	for _, d := range c.Differences {
		fmt.Fprintf(&b, "\n%s: %s\n", report.Visible(strings.TrimPrefix(d.Field, ":")), d.Verdict)
		for _, row := range []struct {
			name   string
			values []string
		}{{"backend", d.Backend}, {"proxy", d.Proxy}, {"expected", []string{d.Expected}}} {
			fmt.Fprintf(&b, "  %-9s ", row.name)
			if len(row.values) == 0 {
				row.values = []string{"(none)"}
			}
			for i, value := range row.values {
				if i > 0 {
					b.WriteString(strings.Repeat(" ", 12))
				}
				fmt.Fprintln(&b, report.Visible(value))
			}
		}
		b.WriteString("  ")
		fold(&b, 2, report.Visible(d.Meaning))
	}
	fmt.Fprintf(&b, "\n%s\n", report.Visible(c.verdict()))
	_, err := io.WriteString(w, b.String())
	return err
}
