package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/fixture/remote"
	"github.com/proxydiag/proxydiag/pkg/report"
)

func newFixtureVerify(std streams) *cobra.Command {
	var c clientFlags
	var header []string
	var format string
	cmd := &cobra.Command{
		Use:   "verify NAME:SIZE:KEY URL|STORAGE",
		Short: "Verify that a fixture arrives, or is stored, byte for byte",
		Long: "verify downloads a fixture that was put elsewhere, or reads it from a storage, and compares\n" +
			"each byte. In a URL {name} stands for the file's name, which is appended where neither it\n" +
			"nor the name is in it. The exit status is 1 where something else comes, 3\n" +
			"where nothing answers.",
		Args: exactly("a fixture and a URL or storage", 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			f, err := parseTicket(args[0])
			if err != nil {
				return err
			}
			v := verified{Version: 1, Name: f.Name}
			if isWeb(args[1]) {
				err = v.download(cmd.Context(), f, args[1], header, c)
			} else {
				err = v.read(cmd.Context(), f, args[1])
			}
			if err != nil {
				return err
			}
			if format == "json" {
				err = report.JSON(std.out, v)
			} else {
				_, err = fmt.Fprintf(std.out, "%s: %s\n", report.Visible(v.Where), report.Visible(v.Text))
			}
			switch {
			case err != nil || v.OK:
				return err
			case cmd.Context().Err() != nil:
				return stopped(std)
			case v.silent:
				return exit(exitInconclusive)
			}
			return exit(exitFound)
		},
	}
	cmd.Flags().StringArrayVar(&header, "header", nil, "`NAME: VALUE` to send, repeatable")
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	c.registerSingle(cmd.Flags())
	complete(cmd, "format", plainFormats())
	return cmd
}

// isWeb says that a fixture is looked for at a URL, not in a storage. Where the
// scheme was forgotten a port tells, unless a folder has such a name.
func isWeb(where string) bool {
	scheme, _, found := strings.Cut(where, "://")
	if !found {
		_, err := os.Stat(where)
		return err != nil && hostAndPort.MatchString(where)
	}
	return strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")
}

// hostAndPort matches what begins like host:8080/.
var hostAndPort = regexp.MustCompile(`^(\[[0-9a-fA-F:.]+\]|[\w.-]+):\d+(/|$)`)

// verified is what verify found.
type verified struct {
	Version int    `json:"version"`
	Name    string `json:"name"`
	Where   string `json:"where"`
	OK      bool   `json:"ok"`
	Status  int    `json:"status,omitempty"` // of a download
	Length  int64  `json:"length"`           // bytes that came
	// FirstWrong is the offset of the first byte that is wrong, or missing; -1: none.
	FirstWrong int64  `json:"first_wrong"`
	Text       string `json:"text"` // the same in words
	silent     bool   // nothing answered
}

// download asks for a fixture at a URL.
func (v *verified) download(ctx context.Context, f fixture.Fixture, raw string, lines []string, c clientFlags) error {
	if err := checkURL("the URL", raw, true); err != nil {
		return err
	}
	header, err := parseHeader(lines)
	if err != nil {
		return err
	}
	options, err := c.options()
	if err != nil {
		return err
	}
	if !strings.Contains(raw, f.Name) {
		raw = diag.URL(raw).For(f.Name)
	}
	x := diag.Redaction(header)(compare.New(options).Capture(ctx, compare.Request{URL: raw, Header: header, Expect: f.Content(), Patient: true}))
	v.Where, v.Status, v.Length, v.FirstWrong = x.Request.URL, x.Status, x.Body.Length, x.Body.FirstDiff
	v.silent = x.Status == 0
	h := diag.Exchange{Exchange: x}
	switch m := x.Body.Match; {
	case x.Status == 200 && x.Body.Length == 0 && len(h.Handoffs()) > 0:
		v.Text = fmt.Sprintf("an empty body with %s: this is the answer of a backend; give the URL on the proxy's port", h.Handoffs()[0].Name)
	case x.Failure != nil:
		v.Text = x.Failure.Error()
	case x.Status != 200:
		v.Text = fmt.Sprintf("the answer is %s", strings.TrimPrefix(x.StatusLine, x.Proto+" "))
	case m == compare.Equal:
		v.Text, v.OK = intact(f), true
	default:
		v.wrong(f)
	}
	return nil
}

// read reads a fixture from a storage.
func (v *verified) read(ctx context.Context, f fixture.Fixture, storage string) error {
	store, err := all.OpenStore(storage, remote.Options{})
	if err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "--storage "))
	}
	defer func() { _ = store.Close() }()
	v.Where, v.FirstWrong = store.String(), -1
	file, err := store.Open(ctx, f.Name)
	if err == nil {
		defer func() { _ = file.Close() }()
		v.Length, v.FirstWrong, err = f.Verify(file, 0)
	}
	switch e, _ := errors.AsType[*fixture.Error](err); {
	case e != nil:
		v.Text = strings.TrimPrefix(e.Error(), e.Op+" "+e.Path+": ")
	case err != nil:
		v.Text = err.Error()
	case v.FirstWrong < 0 && v.Length == f.Size:
		v.Text, v.OK = intact(f), true
	default:
		v.wrong(f)
	}
	return nil
}

func intact(f fixture.Fixture) string { return fmt.Sprintf("%d bytes, each as it was put", f.Size) }

// wrong says what is wrong with the bytes that came.
func (v *verified) wrong(f fixture.Fixture) {
	switch {
	case v.FirstWrong >= f.Size:
		v.Text = fmt.Sprintf("all %d bytes, and then more", f.Size)
	case v.FirstWrong >= 0:
		v.Text = fmt.Sprintf("wrong from byte %d on", v.FirstWrong)
	default:
		v.FirstWrong = v.Length
		v.Text = fmt.Sprintf("the first %d of %d bytes only", v.Length, f.Size)
	}
}
