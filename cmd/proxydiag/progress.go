package main

import (
	"fmt"
	"io"
	"sync"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// progress tells on a terminal's standard error what is under way, in one line
// that is overwritten. It says nothing where there is no terminal.
type progress struct {
	mu    sync.Mutex
	w     io.Writer
	width int
}

func newProgress(std streams) *progress {
	width, ok := std.terminal(std.err)
	if !ok || std.env("TERM") == "dumb" {
		return &progress{}
	}
	return &progress{w: std.err, width: width}
}

func (p *progress) step(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w == nil {
		return
	}
	if runes := []rune(text); len(runes) >= p.width {
		text = string(runes[:p.width-1])
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", text)
}

func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// sending tells how much of each fixture is sent.
func (p *progress) sending() func(name string, done, size int64) {
	if p == nil || p.w == nil {
		return nil
	}
	var mu sync.Mutex
	meters := make(map[string]func(done, total int64))
	return func(name string, done, size int64) {
		mu.Lock()
		meter := meters[name]
		if meter == nil {
			meter = diag.Meter("sending "+name, p.step)
			meters[name] = meter
		}
		mu.Unlock()
		meter(done, size)
	}
}
