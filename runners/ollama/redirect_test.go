package ollama_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/ollama"
	"nerbench/runners/ollama/ollamatest"
)

// requests are all kinds of requests of a runner, by name.
func requests(t *testing.T, r *ollama.Runner, host string) map[string]func() error {
	return map[string]func() error{
		"completion": func() error {
			done, err := r.Complete(t.Context(), []ner.Query{query("x")})
			if err == nil {
				err = fmt.Errorf("answered: %+v", done)
			}
			return err
		},
		"look":     func() error { _, err := ollama.Look(t.Context(), host); return err },
		"identify": func() error { _, err := r.Identify(t.Context()); return err },
		"bare":     func() error { _, err := r.Bare(t.Context()); return err },
		"device":   func() error { _, err := r.Device(t.Context()); return err },
		"pull":     func() error { return r.Pull(t.Context(), func(ollama.Pulling) {}) },
	}
}

// TestRedirects: no request of any kind follows a redirect to another server, not even
// with a client of the caller.
func TestRedirects(t *testing.T) {
	for _, code := range []int{301, 302, 303, 307, 308} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			var reached atomic.Int64
			other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
			defer other.Close()
			f := ollamatest.New(t)
			f.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, other.URL+r.URL.Path, code)
			})
			for _, client := range []*http.Client{nil, {}} {
				r := newRunner(t, f, func(c *ollama.Config) { c.Client = client })
				for name, do := range requests(t, r, f.URL) {
					err := do()
					hint, _ := errors.AsType[*fault.Hint](err)
					if !errors.Is(err, runners.ErrFatal) || errors.Is(err, runners.ErrTemporary) || !strings.Contains(err.Error(), other.URL) || hint == nil {
						t.Errorf("%s: error is %v", name, err)
					}
				}
			}
			if reached.Load() > 0 {
				t.Errorf("%d requests were sent to the other server", reached.Load())
			}
		})
	}
}

// TestEchoedPasswords: the password is in no error and no completion if a server echoes
// it, plain or as it was sent.
func TestEchoedPasswords(t *testing.T) {
	const password = "s3cret-word"
	sent := base64.StdEncoding.EncodeToString([]byte("me:" + password))
	for _, code := range []int{200, 400, 401, 404, 500} {
		for name, body := range map[string]string{
			"member": `{"error":"Authorization: Basic ` + sent + ` is me:` + password + `"}`,
			"page":   strings.Repeat("x", 190) + password + " " + sent,
		} {
			t.Run(fmt.Sprint(code, " ", name), func(t *testing.T) {
				f := ollamatest.New(t)
				f.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.WriteHeader(code)
					fmt.Fprint(w, body)
				})
				host := strings.Replace(f.URL, "http://", "http://me:"+password+"@", 1)
				r := newRunner(t, f, func(c *ollama.Config) { c.Host = host })
				for name, do := range requests(t, r, host) {
					text := fmt.Sprint(do())
					if strings.Contains(text, password[:6]) || strings.Contains(text, sent[:8]) {
						t.Errorf("%s: the password is in %s", name, text)
					}
				}
			})
		}
	}
}

// TestHostsAreRedacted: a host that is refused shows no password.
func TestHostsAreRedacted(t *testing.T) {
	for _, in := range []string{
		"ftp://me:s3cret@x", "me:s3cret@x:0", "me:s3cret@x:y", "http://me:s3cret%zz@x", "http://me:s3cret", "me:s3cret", "me:s3cret://x@box",
		"http://me:s3cret@x:99999?key=s3cret", "box:s3cret",
	} {
		if _, _, err := ollama.ParseHost(in); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("ParseHost(%q): error is %v", in, err)
		}
	}
}
