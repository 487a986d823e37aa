package main

import (
	"fmt"
	"io"
	"sync"
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
