package checks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/internal/storetest"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/fixture/remote"
)

func TestShare(t *testing.T) {
	for text, want := range map[string]string{"10%": "10%", "2.5 %": "2.5%", "5GiB": "5.0 GiB", "512": "512 B", "0": "0%", "0%": "0%"} {
		var s Share
		if err := s.UnmarshalText([]byte(text)); err != nil || s.String() != want {
			t.Errorf("%q: %q, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "%", "101%", "-1%", "NaN%", "x", "5 apples"} {
		if err := new(Share).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestDisk(t *testing.T) {
	dir := t.TempDir()
	most := Share{percent: 100}
	outcomes(t, map[string][]Check{
		"":                  {&Disk{Path: dir}, &Disk{Path: dir, Warn: Share{bytes: 1}, Fail: Share{bytes: 1}}},
		"warning: ":         {&Disk{Path: dir, Warn: most}},
		"no such file":      {&Disk{Path: dir + "/none"}},
		"invalid: disk: ":   {&Disk{}, &Disk{Path: "var"}},
		"invalid: inodes: ": {&Disk{Path: dir, InodesWarn: Share{bytes: 1}}},
	})
	if got := outcome(t, &Disk{Path: dir, Fail: most}); !strings.Contains(got, " free (") || strings.HasPrefix(got, "warning") {
		t.Errorf("%q", got)
	}
	if got := outcome(t, &Disk{Path: dir, InodesWarn: most}); got != "" && !strings.Contains(got, "inodes free") {
		t.Errorf("%q", got)
	}
}

func TestMemory(t *testing.T) {
	group := t.TempDir()
	for name, text := range map[string]string{"memory.max": "1000\n", "memory.current": "950\n", "memory.stat": "anon 600\ninactive_file 250\n"} {
		if err := os.WriteFile(filepath.Join(group, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	endless := t.TempDir()
	if err := os.WriteFile(filepath.Join(endless, "memory.max"), []byte("max\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	outcomes(t, map[string][]Check{
		"":                                   {&Memory{Of: "system"}, &Memory{Of: group, Warn: Share{percent: 30}}},
		"warning: 300 B of 1000 B available": {&Memory{Of: group, Warn: Share{percent: 31}, Fail: Share{percent: 30}}},
		"300 B of 1000 B available (30.0%)":  {&Memory{Of: group, Fail: Share{bytes: 301}}},
		"memory.max of the control group ca": {&Memory{Of: group + "x"}},
		"the control group has no limit":     {&Memory{Of: endless}},
		"invalid: memory: ":                  {&Memory{}, &Memory{Of: "app.service"}},
	})
	if got := outcome(t, &Memory{Of: "system", Fail: Share{percent: 100}}); !strings.Contains(got, " available (") {
		t.Errorf("%q", got)
	}
}

func TestStorage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	outcomes(t, map[string][]Check{
		"":                          {&Storage{URL: dir}, &Storage{URL: "file://" + dir, Size: Share{bytes: 1 << 20}}},
		"warning: a file was store": {&Storage{URL: dir, Warn: 1}},
		"put " + dir + "/none":      {&Storage{URL: dir + "/none"}},
		"invalid: storage":          {&Storage{}, &Storage{URL: "media"}, &Storage{URL: "ftp://u:" + hushInURL + "@h/"}},
		"invalid: size: ":           {&Storage{URL: dir, Size: Share{percent: 1}}, &Storage{URL: dir, Size: Share{bytes: 1 << 40}}},
	})
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("left behind: %v %v", files, err)
	}
}

// TestStorageSweeps: what a killed run has left goes once it is old enough, not
// only at the first run.
func TestStorageSweeps(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Now()
	c := &Storage{URL: dir, Left: 20 * time.Minute}
	store, err := all.OpenStore(dir, remote.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	f := fixture.New("health", ".bin", 10)
	if err := fixture.NewSet(store).Put(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		after time.Duration
		there bool
	}{{0, true}, {21 * time.Minute, false}} {
		c.sweep(t.Context(), store, now.Add(step.after))
		if _, err := store.Stat(t.Context(), f.Name); (err == nil) != step.there {
			t.Errorf("after %s: %v", step.after, err)
		}
	}
	if c.own.Due(dir, c.Left, now.Add(22*time.Minute)) || !c.own.Due(dir, c.Left, now.Add(26*time.Minute)) {
		t.Error("it is looked for at another time than after a quarter of it")
	}
}

// TestStorageS3: any storage that check knows can be watched.
func TestStorageS3(t *testing.T) {
	s := storetest.StartS3(t)
	s.Bucket(t, "media")
	t.Setenv("AWS_ACCESS_KEY_ID", s.Key)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s.Secret)
	url := "?endpoint=http://" + s.Addr + "&region=" + s.Region + "&path-style=true"
	outcomes(t, map[string][]Check{"": {&Storage{URL: "s3://media/x" + url}}})
	if got := outcome(t, &Storage{URL: "s3://none/x" + url}); !strings.Contains(got, "NoSuchBucket") {
		t.Errorf("%q", got)
	}
	t.Setenv("AWS_SECRET_ACCESS_KEY", hush)
	if got := outcome(t, &Storage{URL: "s3://media/x" + url}); got == "" || strings.Contains(got, hush) || strings.Contains(got, s.Key) {
		t.Errorf("%q", got)
	}
}
