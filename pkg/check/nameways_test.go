package check

import (
	"testing"

	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

func TestWayOfName(t *testing.T) {
	for _, c := range []struct {
		coding        sendfile.Coding
		name, written string
		want          way
	}{
		{sendfile.Percent, "what?", "what?", wayUnencoded},
		{sendfile.Percent, "100%.bin", "100%.bin", wayUnencoded},
		{sendfile.Percent, "a%20b", "a%20b", wayUnencoded},
		{sendfile.Percent, "a b?", "a%20b?", wayUnencoded},
		{sendfile.Percent, "a b", "a%2520b", wayDouble},
		{sendfile.Percent, "a%20b", "a%252520b", wayDouble},
		{sendfile.Percent, "a b?", "a%2520b%253F", wayDouble},
		{sendfile.Percent, "a b", "a+b", wayPlus},
		{sendfile.Percent, "é b", "%C3%A9+b", wayPlus},
		{sendfile.Percent, "é b", "%25C3%25A9+b", wayPlus},
		{sendfile.Percent, "1+1", "1 1", wayPlus},
		{sendfile.Percent, "é", "%C3%83%C2%A9", wayMojibake},
		{sendfile.Percent, "é", "Ã©", wayMojibake},
		{sendfile.Percent, "é", "%E9", wayCharset},
		{sendfile.Percent, "é", "\xe9", wayCharset},
		{sendfile.Percent, "日é", "%3F%e9", wayCharset},
		{sendfile.Percent, "日本", "??", wayCharset},
		{sendfile.Percent, "-UPPER É", "-upper%20%C3%A9", wayCase},
		{sendfile.Percent, "caf" + composed, "cafe%CC%81", wayNormal},
		{sendfile.Percent, "caf" + decomposed, "caf" + composed, wayNormal},
		{sendfile.Percent, "a b", "a_b", wayOther},
		{sendfile.Percent, "a b", "", wayOther},
		{sendfile.Percent, "a b", "a b/more", wayOther},
		{sendfile.Percent, ".a", "a", wayOther},
		{sendfile.Decoded, "a%20b", "a%20b", wayUnencoded},
		{sendfile.Raw, "a b", "a%20b", wayEncoded},
		{sendfile.Raw, "a%b", "a%25b", wayEncoded},
		{sendfile.Raw, "a b", "a%2520b", wayDouble},
		{sendfile.Raw, "a b", "a+b", wayPlus},
		{sendfile.Raw, "1+1", "1%2B1", wayEncoded},
		{sendfile.Raw, "é", "Ã©", wayMojibake},
	} {
		if got := wayOfName(c.coding, c.name, c.written); got != c.want {
			t.Errorf("%s: %q written as %q: %d, want %d", c.coding, c.name, c.written, got, c.want)
		}
	}
}

func TestUnescapeLoosely(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a": "a", "%": "%", "%2": "%2", "%zz%20": "%zz ", "%%41": "%A", "100%": "100%", "%e9%E9": "\xe9\xe9", "a+b": "a+b",
	} {
		if got := unescapeLoosely(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
