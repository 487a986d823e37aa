package storetest

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/apache"
	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// WebDAV is a real WebDAV server: Apache with mod_dav.
type WebDAV struct {
	Addr string // host:port, plain HTTP
	Root string // the folder that it serves as /dav/
}

// StartWebDAV starts a server. access is what its configuration says about who
// may do what; without a Require everybody may do everything.
func StartWebDAV(t testing.TB, access string) *WebDAV {
	t.Helper()
	if !strings.Contains(access, "Require ") {
		access += "\nRequire all granted"
	}
	binary := need.Server(t, apache.Kind.Program)
	dir, err := proc.Scratch("webdav")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w := &WebDAV{Root: filepath.Join(dir, "files")}
	for _, d := range []string{w.Root, filepath.Join(dir, "locks")} {
		if err := os.Mkdir(d, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(d, 0o777); err != nil { // the workers' user writes
			t.Fatal(err)
		}
	}
	p, err := apache.Kind.Launch(t.Context(), server.LaunchOptions{Binary: binary, Site: func(addr string) string {
		return fmt.Sprintf(`Listen %s
<IfModule !dav_module>
    LoadModule dav_module modules/mod_dav.so
</IfModule>
<IfModule !dav_fs_module>
    LoadModule dav_fs_module modules/mod_dav_fs.so
</IfModule>
<IfModule !authn_core_module>
    LoadModule authn_core_module modules/mod_authn_core.so
</IfModule>
<IfModule !authn_file_module>
    LoadModule authn_file_module modules/mod_authn_file.so
</IfModule>
<IfModule !auth_basic_module>
    LoadModule auth_basic_module modules/mod_auth_basic.so
</IfModule>
<IfModule !authz_user_module>
    LoadModule authz_user_module modules/mod_authz_user.so
</IfModule>
DavLockDB %q
Alias /dav/ %q
<Directory %q>
    Dav On
    %s
</Directory>
`, addr, filepath.Join(dir, "locks", "db"), w.Root+"/", w.Root, access)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(p.ErrorLog())
			t.Logf("error log of the WebDAV server: %s", log)
		}
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	w.Addr = p.Addr()
	return w
}

// Folder makes a folder and returns its storage's URL.
func (w *WebDAV) Folder(t testing.TB, name string) string {
	t.Helper()
	folder := filepath.Join(w.Root, name)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	return w.At(w.Addr, name)
}

// At is a folder's URL where something that stands before the server answers on
// addr.
func (w *WebDAV) At(addr, name string) string {
	return "webdav+http://" + addr + "/dav/" + url.PathEscape(name)
}
