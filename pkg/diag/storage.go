package diag

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// stored is what the observer keeps of a fixture beyond the record.
type stored struct {
	fixture fixture.Fixture
	// content gives the expected bytes, anew for each request; nil where the
	// fixture is not in the storage.
	content func() compare.Content
}

// put puts or rewrites fixtures, one after the other, and reads them back.
func (r *run) put(ctx context.Context, list []Put) {
	for _, p := range list {
		f := r.fixture(p)
		rec := FixtureRecord{Put: p, Name: f.Name, Path: r.path(f.Name), FirstWrong: -1}
		kept := stored{fixture: f}
		if p.Page {
			kept.content = func() compare.Content { return f.Content() }
		} else if !p.Absent {
			r.say("putting a fixture into " + r.Store.String())
			start := time.Now()
			kept.content = r.putOne(ctx, f, &rec)
			rec.DurationMS = milliseconds(time.Since(start))
		}
		if ctx.Err() != nil && !rec.OK() {
			return // it says nothing about the storage
		}
		r.tellCompanion(p, f, rec)
		r.stored[p.Role] = kept
		r.record.Fixtures = append(r.record.Fixtures, rec)
	}
}

// fixture makes the fixture that is asked for.
func (r *run) fixture(p Put) fixture.Fixture {
	if p.Rewrites != "" {
		return r.stored[p.Rewrites].fixture.Version(len(r.record.Fixtures), p.Size)
	}
	f := fixture.New(p.Role, p.Ext, p.Size)
	f.Mode, f.Text = fs.FileMode(r.Mode), p.Text
	if n := p.Length - len(p.Lead) - len(f.Name); n > 0 {
		f.Name = strings.TrimSuffix(f.Name, p.Ext) + strings.Repeat("-", n) + p.Ext
	}
	if p.Like != "" {
		f.Name = path.Base(r.stored[p.Like].fixture.Name)
	}
	f.Name = path.Join(p.Folder, p.Lead+f.Name)
	if r.stack.Fixed != "" && p.Role == RoleMain {
		f.Name = r.stack.Fixed
	}
	return f
}

// putOne puts one fixture, reads it back and notes in rec what went wrong. It
// returns the expected content, nil where the fixture is not there.
func (r *run) putOne(ctx context.Context, f fixture.Fixture, rec *FixtureRecord) func() compare.Content {
	if rec.Rewrites != "" {
		if err := r.set.Rewrite(ctx, f); err != nil {
			rec.PutFailure = storageFailure(err)
			return nil
		}
	} else if r.stack.Fixed != "" {
		fixed, err := r.set.PutFixed(ctx, f)
		if err != nil {
			rec.PutFailure = storageFailure(err)
			return nil
		}
		rec.Size, rec.Existing = fixed.Size(), fixed.Existed
		if fixed.Existed {
			return func() compare.Content { return fixed }
		}
	} else if err := r.putNew(ctx, f, rec.Folder); err != nil {
		rec.PutFailure = storageFailure(err)
		return nil
	}
	r.readBack(ctx, f, rec)
	return func() compare.Content { return f.Content() }
}

// putNew puts a fixture into a folder of its own, or into the root.
func (r *run) putNew(ctx context.Context, f fixture.Fixture, folder string) error {
	if folder != "" {
		if err := r.set.MakeFolder(ctx, folder); err != nil {
			return err
		}
	}
	return r.set.Put(ctx, f)
}

// settleStep is how long is waited before what is not to be seen yet is looked
// for again.
const settleStep = 250 * time.Millisecond

// readBack reads a fixture back. In a storage that may show only later what was
// written it waits for that, and notes how long.
func (r *run) readBack(ctx context.Context, f fixture.Fixture, rec *FixtureRecord) {
	var patience time.Duration
	if s, ok := r.Store.(fixture.Settler); ok {
		patience = s.Settle()
	}
	start := time.Now()
	r.readOnce(ctx, f, rec)
	for rec.unsettled() && time.Since(start) < patience && ctx.Err() == nil {
		r.pause(ctx, settleStep)
		rec.ReadFailure, rec.FirstWrong = nil, -1
		r.readOnce(ctx, f, rec)
		rec.SettledMS = milliseconds(time.Since(start))
	}
}

// unsettled says that what was read back may be from before the write: nothing,
// or the content that was rewritten.
func (f *FixtureRecord) unsettled() bool {
	if f.ReadFailure != nil {
		return f.ReadFailure.Class == fixture.ClassMissing
	}
	return f.Rewrites != "" && f.FirstWrong >= 0
}

func (r *run) readOnce(ctx context.Context, f fixture.Fixture, rec *FixtureRecord) {
	file, err := r.Store.Open(ctx, f.Name)
	if err != nil {
		rec.ReadFailure = storageFailure(err)
		return
	}
	defer file.Close()
	n, wrong, err := f.Verify(&watched{ctx: ctx, Reader: file, size: f.Size, tell: r.meter("reading " + f.Name + " back")}, 0)
	switch {
	case err != nil:
		rec.ReadFailure = storageFailure(err)
	case wrong >= 0:
		rec.FirstWrong = wrong
	case n < f.Size:
		rec.FirstWrong = n
	}
}

// companionTime is the companion's own Last-Modified, so that it can be told
// from what a proxy makes of the file's time.
var companionTime = time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)

// tellCompanion makes the companion answer for a fixture.
func (r *run) tellCompanion(p Put, f fixture.Fixture, rec FixtureRecord) {
	if r.Companion == nil || p.Absent || p.Like != "" || !rec.OK() {
		return
	}
	if p.Page {
		page, _ := io.ReadAll(io.NewSectionReader(f.Content(), 0, f.Size)) // from memory
		r.Companion.Handler.Show(f.Name, page)
		return
	}
	if p.Denied {
		r.Companion.Handler.Deny(f.Name)
		return
	}
	r.Companion.Handler.Add(f.Name, sendfile.File{Size: f.Size, ModTime: companionTime.Add(time.Duration(len(r.record.Fixtures)) * time.Hour)})
}

// path is where a storage that is a folder keeps a file, "" for others.
func (r *run) path(name string) string {
	if dir, ok := r.Store.(interface{ Path() string }); ok {
		return r.Sandbox.meant(filepath.Join(dir.Path(), name))
	}
	return ""
}

func storageFailure(err error) *StorageFailure {
	if e, ok := errors.AsType[*fixture.Error](err); ok {
		return &StorageFailure{Op: e.Op, Path: e.Path, Class: e.Class, Message: e.Err.Error(), Code: e.Code, Request: e.Request, Fix: e.Fix}
	}
	return &StorageFailure{Op: "put", Class: fixture.ClassOther, Message: err.Error()}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
