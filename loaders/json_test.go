package loaders

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// Whatever the sizes of the pieces: text that is UTF-8 passes, other text fails
// behind its valid beginning.
func FuzzUTF8Reader(f *testing.F) {
	for _, s := range []string{"", "plain", "Zoë ½ 日本 😀", "Zo\xeb", "cut \xf0\x9f\x98", "\xff", "a\xe2\x41b", "\xed\xa0\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, in := range map[string]io.Reader{
			"whole": strings.NewReader(s), "bytes": iotest.OneByteReader(strings.NewReader(s)),
			"halves": iotest.HalfReader(strings.NewReader(s)), "with the end": iotest.DataErrReader(strings.NewReader(s)),
		} {
			got, err := io.ReadAll(&utf8Reader{in: in})
			if utf8.ValidString(s) != (err == nil) || err != nil && !errors.Is(err, errUTF8) {
				t.Errorf("%s: %q: error %v", name, s, err)
			}
			if err == nil && string(got) != s || !strings.HasPrefix(s, string(got)) {
				t.Errorf("%s: %q: read %q", name, s, got)
			}
		}
	})
}
