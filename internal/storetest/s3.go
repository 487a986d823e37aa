package storetest

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// S3 is a real S3 server (versitygw) with its files in a folder.
type S3 struct {
	Addr   string // host:port, plain HTTP
	Key    string
	Secret string
	Region string
	Root   string // the folder of the buckets
	Client *minio.Client
}

// StartS3 starts a server without buckets. args are further arguments, before
// the name of its backend.
func StartS3(t testing.TB, args ...string) *S3 {
	t.Helper()
	program := need.Program(t, "versitygw", script(t, "s3-server", "--path"))
	s := &S3{Key: "AKIAPROXYDIAGTESTS", Secret: "not/so+secret0123456789abcdef", Region: "eu-test-1"}
	s.Addr = start(t, "versitygw", program, "address already in use", func(addr, dir string) proc.Options {
		s.Root = filepath.Join(dir, "buckets")
		side, versions := filepath.Join(dir, "meta"), filepath.Join(dir, "versions")
		for _, d := range []string{s.Root, side, versions} {
			if err := os.Mkdir(d, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		return proc.Options{
			Args: append(append([]string{"--port", addr, "--region", s.Region, "--quiet"}, args...),
				"posix", "--sidecar", side, "--versioning-dir", versions, s.Root),
			Env: []string{"ROOT_ACCESS_KEY_ID=" + s.Key, "ROOT_SECRET_ACCESS_KEY=" + s.Secret},
		}
	})
	s.connect(t)
	return s
}

// Behind is the same server behind something that may answer itself, by whose
// address URLs are signed.
func (s *S3) Behind(t testing.TB, change func(w http.ResponseWriter, r *http.Request) bool) *S3 {
	t.Helper()
	other := *s
	other.Addr = Front(t, s.Addr, change, nil).Listener.Addr().String()
	other.connect(t)
	return &other
}

// connect makes the client.
func (s *S3) connect(t testing.TB) {
	t.Helper()
	var err error
	s.Client, err = minio.New(s.Addr, &minio.Options{
		Creds: credentials.NewStaticV4(s.Key, s.Secret, ""), Region: s.Region, BucketLookup: minio.BucketLookupPath,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Bucket makes a bucket.
func (s *S3) Bucket(t testing.TB, name string) {
	t.Helper()
	if err := s.Client.MakeBucket(t.Context(), name, minio.MakeBucketOptions{Region: s.Region}); err != nil {
		t.Fatal(err)
	}
}

// Policy allows everyone, who names no credentials too, some actions on the
// objects of a bucket, like s3:GetObject.
func (s *S3) Policy(t testing.TB, bucket string, actions ...string) {
	t.Helper()
	policy := fmt.Sprintf(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":["%s"],"Resource":["arn:aws:s3:::%s/*"]}]}`,
		strings.Join(actions, `","`), bucket)
	if err := s.Client.SetBucketPolicy(t.Context(), bucket, policy); err != nil {
		t.Fatal(err)
	}
}

// URL is a storage on this server: a bucket with or without a prefix.
func (s *S3) URL(path string) string { return s.At(s.Addr, path) }

// At is URL where something that stands before the server answers on addr.
func (s *S3) At(addr, path string) string {
	return "s3://" + path + "?endpoint=" + url.QueryEscape("http://"+addr) + "&region=" + s.Region
}

// Env is the environment of a user of this server.
func (s *S3) Env() func(string) string { return env(s.Vars()) }

// Vars are the variables of Env.
func (s *S3) Vars() map[string]string {
	return map[string]string{"AWS_ACCESS_KEY_ID": s.Key, "AWS_SECRET_ACCESS_KEY": s.Secret, "AWS_EC2_METADATA_DISABLED": "true", "AWS_SHARED_CREDENTIALS_FILE": os.DevNull}
}

// User makes a user who has no rights, and returns the environment with the
// user's credentials. The server must have been started with --iam-dir.
func (s *S3) User(t testing.TB, key, secret string) func(string) string {
	t.Helper()
	program := need.Program(t, "versitygw", script(t, "s3-server", "--path"))
	out, err := exec.CommandContext(t.Context(), program, "admin", "--access", s.Key, "--secret", s.Secret, "--region", s.Region, "--endpoint-url", "http://"+s.Addr,
		"create-user", "--access", key, "--secret", secret, "--role", "user").CombinedOutput()
	if err != nil {
		t.Fatalf("create-user: %v\n%s", err, out)
	}
	vars := s.Vars()
	vars["AWS_ACCESS_KEY_ID"], vars["AWS_SECRET_ACCESS_KEY"] = key, secret
	return env(vars)
}

// With is the environment of a user of this server with another value in it.
func (s *S3) With(name, value string) func(string) string {
	vars := s.Vars()
	vars[name] = value
	return env(vars)
}
