package apache

import (
	"strings"
	"testing"
)

// TestSecrets: no secret of a configuration gets behind Load, nor one of a
// .htaccess file.
func TestSecrets(t *testing.T) {
	main := `ServerRoot /etc/apache2
DocumentRoot /srv/www
<Directory /srv/www>
  AllowOverride All
</Directory>
DBDParams "host=db user=app pass=hunter2hunter2"
AuthLDAPBindPassword hunter2hunter2
SessionCryptoPassphrase "hunter2hunter2"
RequestHeader set Authorization "Basic hunter2hunter2"
ProxyPass /a/ http://app:hunter2hunter2@127.0.0.1:8000/
BalancerMember ajp://127.0.0.1:8009 secret=hunter2hunter2
SetEnv DB_PASSWORD hunter2hunter2
Define API_TOKEN hunter2hunter2
`
	files := memory{"etc/apache2/apache2.conf": {Data: []byte(main)}, "srv/www/.htaccess": {Data: []byte("SetEnv API_KEY hunter2hunter2\n")}}
	source, err := Load("/etc/apache2/apache2.conf", LoadOptions{FS: files})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	access := false
	for _, f := range secrets.Source(source, c.Top).Files {
		access = access || strings.HasSuffix(f.Path, accessFile)
		if strings.Contains(f.Text, "hunter2") {
			t.Errorf("%s: %s", f.Path, f.Text)
		}
	}
	if !access {
		t.Error("the .htaccess file was not read")
	}
}
