package e2e

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/report"
)

// TestHTML opens reports in a browser, on a screen and on a phone: nothing is
// fetched, nothing is complained about, nothing stands beyond the edge.
func TestHTML(t *testing.T) {
	html, err := report.Lookup("html")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	browser, closed := openBrowser(ctx, t)
	defer closed()

	pages := map[string][]diag.Report{}
	for _, name := range []string{"nginx/healthy-downloads.conf", "nginx/handoff-not-found", "apache/handoff-ignored", "nginx/storage-unreachable"} {
		rep := all.Judge(load(t, name))
		pages[name], pages["all"] = []diag.Report{rep}, append(pages["all"], rep)
	}
	for name, reps := range pages {
		var page bytes.Buffer
		if err := html.WriteAll(&page, reps, report.Options{}); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "report.html")
		if err := os.WriteFile(file, page.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		address := (&url.URL{Scheme: "file", Path: file}).String()
		inspect(browser, t, name, address)
	}
}

// openBrowser starts a browser.
func openBrowser(ctx context.Context, t *testing.T) (context.Context, func()) {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(need.Server(t, "chromium")), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	ctx, stop := chromedp.NewExecAllocator(ctx, opts...)
	browser, leave := chromedp.NewContext(ctx)
	return browser, func() { leave(); stop() }
}

// inspect opens a page on a screen and on a phone: nothing else is fetched,
// nothing is complained about, nothing stands beyond the edge.
func inspect(browser context.Context, t *testing.T, name, address string) {
	t.Helper()
	for _, width := range []int64{375, 1280} {
		var mu sync.Mutex
		var complaints []string
		tab, leave := chromedp.NewContext(browser, chromedp.WithListener(func(event any) {
			mu.Lock()
			defer mu.Unlock()
			switch e := event.(type) {
			case *network.EventRequestWillBeSent:
				if e.Request.URL != address && !strings.HasPrefix(e.Request.URL, "data:") {
					complaints = append(complaints, "a request for "+e.Request.URL)
				}
			case *runtime.EventConsoleAPICalled:
				complaints = append(complaints, "console: "+string(e.Type))
			case *runtime.EventExceptionThrown:
				complaints = append(complaints, e.ExceptionDetails.Text)
			case *log.EventEntryAdded:
				complaints = append(complaints, e.Entry.Text)
			}
		}))
		title, scroll, picture, err := look(tab, address, width)
		leave()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		mu.Lock()
		for _, c := range complaints {
			t.Errorf("%s at %d px: %s", name, width, c)
		}
		mu.Unlock()
		if title == "" || scroll > width {
			t.Errorf("%s at %d px: title %q, %d px wide", name, width, title, scroll)
		}
		image, err := png.DecodeConfig(bytes.NewReader(picture))
		if err != nil || int64(image.Width) != width || image.Height < 600 {
			t.Errorf("%s at %d px: the picture has %d x %d: %v", name, width, image.Width, image.Height, err)
		}
		keep(t, name, width, picture)
	}
}

// look opens a page at a width: its title, how wide it is in all, a picture of it.
func look(ctx context.Context, address string, width int64) (title string, scroll int64, picture []byte, err error) {
	if err = chromedp.Do(ctx, chromedp.EmulateViewport(width, 900)); err != nil {
		return
	}
	for _, enable := range []func() error{
		func() error { _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); return err },
		func() error { _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); return err },
	} {
		if err = enable(); err != nil {
			return
		}
	}
	if err = chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
		return
	}
	if title, err = chromedp.Run(ctx, chromedp.Title()); err != nil {
		return
	}
	if scroll, err = chromedp.Run(ctx, chromedp.Evaluate[int64]("document.documentElement.scrollWidth")); err != nil {
		return
	}
	picture, err = chromedp.Run(ctx, chromedp.FullScreenshot(100))
	return
}

// keep writes a picture into the folder that PROXYDIAG_SCREENSHOTS names, for people.
func keep(t *testing.T, name string, width int64, picture []byte) {
	t.Helper()
	folder := os.Getenv("PROXYDIAG_SCREENSHOTS")
	if folder == "" {
		return
	}
	file := filepath.Join(folder, fmt.Sprintf("%s-%d.png", strings.NewReplacer("/", "-", ".", "-").Replace(name), width))
	if err := os.WriteFile(file, picture, 0o600); err != nil {
		t.Error(err)
	}
}
