package httpclient_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"nerbench/internal/httpclient"
)

const (
	key    = "sk-0123456789"
	prompt = "an invented prompt"
)

// site is a server that records what it got, and redirects the paths of its table.
type site struct {
	*httptest.Server
	to map[string]string // path -> Location

	mu   sync.Mutex
	got  []string // method, path, Authorization, body
	code int
}

func newSite(t *testing.T, tls bool) *site {
	s := &site{to: map[string]string{}, code: http.StatusFound}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.got = append(s.got, fmt.Sprintf("%s %s %q %q", r.Method, r.URL.Path, r.Header.Get("Authorization"), body))
		to, code := s.to[r.URL.Path], s.code
		s.mu.Unlock()
		if to != "" {
			w.Header().Set("Location", to)
			w.WriteHeader(code)
			return
		}
		fmt.Fprint(w, "done")
	})
	if tls {
		s.Server = httptest.NewTLSServer(handler)
	} else {
		s.Server = httptest.NewServer(handler)
	}
	t.Cleanup(s.Close)
	return s
}

func send(t *testing.T, c *http.Client, method, address string) error {
	t.Helper()
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(prompt)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	answer, err := c.Do(r)
	if err == nil {
		answer.Body.Close()
	}
	return err
}

var codes = []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect}

// TestNothingLeavesTheOrigin: another port, another scheme and another name of the same
// machine are other origins, for every status and method.
func TestNothingLeavesTheOrigin(t *testing.T) {
	for _, code := range codes {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			for _, tc := range []struct{ name, from, to string }{
				{"another port", "http", "http"}, {"https to http", "https", "http"}, {"http to https", "http", "https"}, {"another name", "http", "localhost"},
			} {
				t.Run(fmt.Sprintf("%d %s %s", code, method, tc.name), func(t *testing.T) {
					from, to := newSite(t, tc.from == "https"), newSite(t, tc.to == "https")
					target := to.URL
					if tc.to == "localhost" {
						target = strings.Replace(from.URL, "127.0.0.1", "localhost", 1)
					}
					from.code = code
					from.to["/start"] = "/next"
					from.to["/next"] = target + "/start?secret=1"
					if method == http.MethodPost && code < http.StatusTemporaryRedirect {
						from.to["/start"] = target
					}
					err := send(t, httpclient.SameOrigin(from.Client()), method, from.URL+"/start")
					moved, ok := errors.AsType[*httpclient.RedirectError](err)
					if !ok || moved.To != target || strings.Contains(moved.Error(), "secret") {
						t.Errorf("error is %v", err)
					}
					if len(to.got) > 0 || tc.to == "localhost" && len(from.got) > 2 {
						t.Errorf("the target got %q", to.got)
					}
				})
			}
		}
	}
}

// TestWithinTheOrigin: the key and the prompt follow a redirect to another path of the
// same server; a prompt is never dropped silently.
func TestWithinTheOrigin(t *testing.T) {
	for _, code := range codes {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			t.Run(fmt.Sprint(code, method), func(t *testing.T) {
				s := newSite(t, false)
				s.code = code
				s.to["/a"] = "/b"
				err := send(t, httpclient.SameOrigin(s.Client()), method, s.URL+"/a")
				if method == http.MethodPost && code < http.StatusTemporaryRedirect {
					if _, ok := errors.AsType[*httpclient.RedirectError](err); !ok || len(s.got) != 1 {
						t.Errorf("error is %v; the server got %q", err, s.got)
					}
					return
				}
				body := ""
				if method == http.MethodPost {
					body = prompt
				}
				if want := fmt.Sprintf("%s /b %q %q", method, "Bearer "+key, body); err != nil || len(s.got) != 2 || s.got[1] != want {
					t.Errorf("%v: the server got %q, want %s", err, s.got, want)
				}
			})
		}
	}
}

// TestDownloads: a download follows redirects to other origins without the key, also when
// a later redirect leads back, and never from https to http.
func TestDownloads(t *testing.T) {
	for _, code := range codes {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			from, to, safe := newSite(t, false), newSite(t, false), newSite(t, true)
			from.code, to.code, safe.code = code, code, code
			from.to["/file"] = "/moved"
			from.to["/moved"] = strings.Replace(to.URL, "http://", "http://me:word@", 1) + "/elsewhere"
			to.to["/elsewhere"] = from.URL + "/back"
			if err := send(t, httpclient.Download(from.Client()), http.MethodGet, from.URL+"/file"); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(from.got, "\n"); strings.Count(got, key) != 2 || !strings.Contains(got, `/back ""`) {
				t.Errorf("the first server got %s", got)
			}
			if got := strings.Join(to.got, "\n"); got != `GET /elsewhere "" ""` {
				t.Errorf("the other server got %s", got)
			}
			reached := len(to.got)
			safe.to["/file"] = to.URL + "/plain"
			err := send(t, httpclient.Download(safe.Client()), http.MethodGet, safe.URL+"/file")
			if _, ok := errors.AsType[*httpclient.RedirectError](err); !ok || len(to.got) != reached {
				t.Errorf("https to http: error is %v", err)
			}
		})
	}
}

func TestRedirectsEnd(t *testing.T) {
	for name, policy := range map[string]func(*http.Client) *http.Client{"same origin": httpclient.SameOrigin, "download": httpclient.Download} {
		for _, location := range []string{"/loop", "file:///etc/passwd", "ftp://host/x"} {
			s := newSite(t, false)
			s.to["/loop"] = location
			err := send(t, policy(s.Client()), http.MethodGet, s.URL+"/loop")
			if _, ok := errors.AsType[*httpclient.RedirectError](err); !ok || len(s.got) > 10 {
				t.Errorf("%s, %s: %v after %d requests", name, location, err, len(s.got))
			}
		}
	}
}

// TestDefaultClientIsUnchanged: the policies apply to copies.
func TestDefaultClientIsUnchanged(t *testing.T) {
	if httpclient.Download(nil).CheckRedirect == nil || httpclient.SameOrigin(nil).CheckRedirect == nil || http.DefaultClient.CheckRedirect != nil {
		t.Error("a policy is missing, or changed the default client")
	}
}
