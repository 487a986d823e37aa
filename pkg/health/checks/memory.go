package checks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/shirou/gopsutil/v4/mem"

	"github.com/proxydiag/proxydiag/pkg/health"
)

// Memory looks how much memory can still be had without swapping: MemAvailable
// of proc(5), or what a control group leaves of its limit.
type Memory struct {
	Of   string `yaml:"memory" doc:"system, or the folder of a control group (version 2), like /sys/fs/cgroup/system.slice/app.service"`
	Warn Share  `yaml:"warn" doc:"less available memory is a warning: a part of all, or a size (10%)"`
	Fail Share  `yaml:"fail" doc:"less is a failure (3%)"`
}

// newMemory is a check with its defaults.
func newMemory() Check { return &Memory{Warn: Share{percent: 10}, Fail: Share{percent: 3}} }

// Validate implements [Check].
func (c *Memory) Validate() error {
	if c.Of != "system" && !filepath.IsAbs(c.Of) {
		return errors.New("memory: write system, or the folder of a control group with its whole path")
	}
	return nil
}

// Check implements [Check].
func (c *Memory) Check(ctx context.Context) (health.Observation, error) {
	available, whole, err := c.available(ctx)
	if err != nil {
		return none(err)
	}
	o := health.Observation{Text: fmt.Sprintf("%s of %s available", humanize.IBytes(available), humanize.IBytes(whole)), Value: part(available, whole), Unit: "%"}
	tooLittle, isWarning, wanted := scarce(available, whole, c.Warn, c.Fail)
	if !tooLittle {
		return o, nil
	}
	err = fmt.Errorf("%s (%.1f%%); it should be at least %s", o.Text, o.Value, wanted)
	if isWarning {
		err = &health.Warning{Err: err}
	}
	return o, err
}

func (c *Memory) available(ctx context.Context) (available, whole uint64, err error) {
	if c.Of != "system" {
		return c.ofGroup()
	}
	m, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return 0, 0, err
	}
	return m.Available, m.Total, nil
}

// ofGroup reads a control group: its limit less what it uses, but for the cache
// of files that nobody has used of late, which the kernel gives back first
// (Linux, Documentation/admin-guide/cgroup-v2.rst).
func (c *Memory) ofGroup() (available, whole uint64, err error) {
	limit, err := c.read("memory.max")
	if err != nil {
		return 0, 0, err
	}
	if limit == "max" {
		return 0, 0, errors.New("the control group has no limit; write memory: system")
	}
	if whole, err = strconv.ParseUint(limit, 10, 64); err != nil {
		return 0, 0, errors.New("memory.max of the control group is no number")
	}
	text, err := c.read("memory.current")
	if err != nil {
		return 0, 0, err
	}
	used, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, 0, errors.New("memory.current of the control group is no number")
	}
	stat, err := c.read("memory.stat")
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(stat) {
		if f := strings.Fields(line); len(f) == 2 && f[0] == "inactive_file" {
			n, _ := strconv.ParseUint(f[1], 10, 64) // 0 counts no cache
			used -= min(used, n)
		}
	}
	return whole - min(whole, used), whole, nil
}

func (c *Memory) read(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(c.Of, name))
	if err != nil {
		return "", fmt.Errorf("%s of the control group cannot be read: %w", name, bare(err))
	}
	return strings.TrimSpace(string(text)), nil
}
