package checks

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/dustin/go-humanize"
	"github.com/shirou/gopsutil/v4/disk"

	"github.com/proxydiag/proxydiag/pkg/health"
)

// Disk looks how much space a file system has left for ordinary users.
type Disk struct {
	Path       string `yaml:"disk" path:"file" doc:"a folder on the file system"`
	Warn       Share  `yaml:"warn" doc:"less free space is a warning: a part of all, or a size (10%)"`
	Fail       Share  `yaml:"fail" doc:"less is a failure (2%)"`
	InodesWarn Share  `yaml:"inodes_warn" doc:"fewer free inodes are a warning (10%)"`
	InodesFail Share  `yaml:"inodes_fail" doc:"fewer are a failure (2%)"`
}

// newDisk is a check with its defaults.
func newDisk() Check {
	return &Disk{Warn: Share{percent: 10}, Fail: Share{percent: 2}, InodesWarn: Share{percent: 10}, InodesFail: Share{percent: 2}}
}

// Validate implements [Check].
func (c *Disk) Validate() error {
	switch {
	case !filepath.IsAbs(c.Path):
		return errors.New("disk: write the folder's whole path")
	case c.InodesWarn.bytes > 0 || c.InodesFail.bytes > 0:
		return errors.New("inodes: write a part of all, like 10%")
	}
	return nil
}

// Check implements [Check]. A mount that hangs is asked no longer than ctx
// lasts, as far as the check can tell.
func (c *Disk) Check(ctx context.Context) (health.Observation, error) {
	u, err := disk.UsageWithContext(ctx, c.Path)
	if err != nil {
		return none(bare(err))
	}
	whole := u.Used + u.Free // what is reserved is nobody's
	o := health.Observation{Text: fmt.Sprintf("%s of %s free", humanize.IBytes(u.Free), humanize.IBytes(whole)), Value: part(u.Free, whole), Unit: "%"}
	space, spaceWarns, spaceWanted := scarce(u.Free, whole, c.Warn, c.Fail)
	inodes, inodesWarn, inodesWanted := scarce(u.InodesFree, u.InodesTotal, c.InodesWarn, c.InodesFail)
	spaceText := fmt.Sprintf("%s (%.1f%%); it should be at least %s", o.Text, o.Value, spaceWanted)
	inodesText := fmt.Sprintf("%d of %d inodes free; it should be at least %s", u.InodesFree, u.InodesTotal, inodesWanted)
	switch {
	case space && !spaceWarns:
		return o, errors.New(spaceText)
	case inodes && !inodesWarn:
		return o, errors.New(inodesText)
	case space:
		return o, health.Warn("%s", spaceText)
	case inodes:
		return o, health.Warn("%s", inodesText)
	}
	return o, nil
}
