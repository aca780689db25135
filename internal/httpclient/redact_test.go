package httpclient_test

import (
	"errors"
	"io/fs"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"nerbench/internal/httpclient"
)

func TestRedact(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "box": "box", "box:11434": "box:11434", "http://box:80/v1": "http://box:80/v1", "https://[::1]:5/x": "https://[::1]:5/x", "::1": "::1",
		"http://me:pw@box/v1":           "http://***@box/v1",
		"me:pw@box:99":                  "***@box:99",
		"http://me:p@w@box":             "http://***@box",
		"http://me:p/w@box":             "http://***@box",
		"http://me:pw%zz@box":           "http://***@box",
		"http://me:pw@box:port":         "http://***@box:***",
		"http://me:pw":                  "http://me:***",
		"me:pw://x@box":                 "***@box",
		"http:/me:pw@box":               "***@box",
		"http://box/v1?api_key=pw":      "http://box/v1?***",
		"http://box#pw":                 "http://box#***",
		"http://box?pw@x":               "http://***@x",
		"https://me:pw@[::1]:8000/v1":   "https://***@[::1]:8000/v1",
		" http://me:pw@box":             "***@box",
		"http://me:pw@box,http://a:b@c": "http://***@c",
	} {
		if got := httpclient.Redact(in); got != want {
			t.Errorf("Redact(%q) is %q, want %q", in, got, want)
		}
	}
	if got := httpclient.WithoutLogin("https://me:pw@box/get?id=1"); got != "https://***@box/get?id=1" {
		t.Errorf("got %q", got)
	}
}

// FuzzRedact: no password is left, wherever it is in an address with a login.
func FuzzRedact(f *testing.F) {
	f.Add("http://", "box", "/v1")
	f.Add("", "[::1]:8000", "?x=1")
	f.Add("x:", "@", "%zz")
	f.Fuzz(func(t *testing.T, before, host, after string) {
		const password = "PASSWORD"
		if strings.Contains(before+host+after, "PASS") {
			return
		}
		if got := httpclient.Redact(before + "me:" + password + "@" + host + after); strings.Contains(got, password) {
			t.Errorf("got %q", got)
		}
	})
}

func TestSecrets(t *testing.T) {
	login := url.UserPassword("me", "s3c/ret")
	for _, tc := range []struct {
		name    string
		secrets httpclient.Secrets
		in, out string
	}{
		{"key", httpclient.Bearer(key), "no such key: " + key + ", " + key, "no such key: ***, ***"},
		{"no key", httpclient.Bearer(""), "as it is", "as it is"},
		{"a key that is in every word", httpclient.Bearer("e"), "here", "here"},
		{"password", httpclient.Login(login), "s3c/ret s3c%2Fret bWU6czNjL3JldA==", "*** *** ***"},
		{"a long message", httpclient.Bearer(key), key + strings.Repeat("é", 5000), "***" + strings.Repeat("é", 5000)},
		{"no login", httpclient.Login(nil), "as it is", "as it is"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.secrets.Redact(tc.in); got != tc.out {
				t.Errorf("got %q, want %q", got, tc.out)
			}
			err := tc.secrets.Hide(&fs.PathError{Op: "open", Path: tc.in, Err: fs.ErrNotExist})
			if strings.Contains(err.Error(), tc.in) != (tc.in == tc.out) || !errors.Is(err, fs.ErrNotExist) || !errors.As(err, new(*fs.PathError)) {
				t.Errorf("error is %v", err)
			}
			if len(err.Error()) > 1600 || !utf8.ValidString(err.Error()) {
				t.Errorf("error of %d bytes", len(err.Error()))
			}
		})
	}
	if httpclient.Bearer(key).Hide(nil) != nil {
		t.Error("an error is made of none")
	}
}
