package storetest

import (
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// sftpServer is where Debian has OpenSSH's.
const sftpServer = "/usr/lib/openssh/sftp-server"

// SFTP is a real SFTP server: OpenSSH's, as the user who runs the test.
type SFTP struct {
	Addr     string
	Root     string // a folder for storages
	User     string
	Identity string // file of the user's key
	Known    string // file of known hosts, with the server in it
}

// StartSFTP starts a server. options are further lines of its configuration.
func StartSFTP(t testing.TB, options string) *SFTP {
	t.Helper()
	program := need.Server(t, "sshd")
	need.Program(t, "sshd", sftpServer)
	if os.Geteuid() == 0 { // sshd wants it, and it is gone when the machine was restarted
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	s := &SFTP{User: me.Username}
	var host ssh.PublicKey
	s.Addr = start(t, "sshd", program, "Address already in use", func(addr, dir string) proc.Options {
		s.Root = filepath.Join(dir, "files")
		s.Identity = filepath.Join(dir, "id_ed25519")
		if err := os.Mkdir(s.Root, 0o755); err != nil {
			t.Fatal(err)
		}
		host = newKey(t, filepath.Join(dir, "host_key"))
		users := newKey(t, s.Identity)
		write(t, filepath.Join(dir, "authorized_keys"), string(ssh.MarshalAuthorizedKey(users)))
		hostname, port, _ := net.SplitHostPort(addr)
		config := filepath.Join(dir, "sshd_config")
		write(t, config, fmt.Sprintf(`ListenAddress %s
Port %s
HostKey %s/host_key
AuthorizedKeysFile %s/authorized_keys
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 100
Subsystem sftp %s
%s
`, hostname, port, dir, dir, sftpServer, options))
		return proc.Options{Args: []string{"-D", "-e", "-f", config}}
	})
	s.Known = filepath.Join(t.TempDir(), "known_hosts")
	write(t, s.Known, knownhosts.Line([]string{knownhosts.Normalize(s.Addr)}, host)+"\n")
	return s
}

// newKey writes a new private key into a file, and returns the public one.
func newKey(t testing.TB, file string) ssh.PublicKey {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, string(pem.EncodeToMemory(block)))
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// NewKey writes a key into a file that no server knows.
func NewKey(t testing.TB) (file string, public ssh.PublicKey) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "id_other")
	return file, newKey(t, file)
}

func write(t testing.TB, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Folder makes a folder and returns its storage's URL.
func (s *SFTP) Folder(t testing.TB, name string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(s.Root, name), 0o755); err != nil {
		t.Fatal(err)
	}
	return s.At(s.Addr, name)
}

// At is a folder's URL where something that stands before the server answers on
// addr.
func (s *SFTP) At(addr, name string) string {
	u := url.URL{
		Scheme: "sftp", User: url.User(s.User), Host: addr, Path: filepath.Join(s.Root, name),
		RawQuery: url.Values{"identity": {s.Identity}, "known-hosts": {s.Known}}.Encode(),
	}
	return u.String()
}

// None is an environment with nothing in it.
func None() func(string) string { return env(nil) }
