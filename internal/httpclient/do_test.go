//go:build unix

package httpclient_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"nerbench/internal/httpclient"
)

// TestDoIsThatOfTheClient: responses, redirects within the origin and to others, logins and
// failures are those of http.Client.Do, and the server gets the same requests.
func TestDoIsThatOfTheClient(t *testing.T) {
	ways := []func(*http.Client, *http.Request) (*http.Response, error){httpclient.Do, (*http.Client).Do}
	for _, code := range codes {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			for path, to := range map[string]string{"/done": "", "/moved": "/done", "/away": "http://other.invalid/done", "/around": "/around", "/bad": "http://[", "none": ""} {
				t.Run(fmt.Sprint(code, method, path), func(t *testing.T) {
					s := newSite(t, false)
					s.code = code
					s.to[path] = to
					address := s.URL + path
					switch path {
					case "none":
						address = "http://127.0.0.1:1/done"
					case "/done":
						address = strings.Replace(s.URL, "http://", "http://me:word@", 1) + path
					}
					var seen [2]string
					for i, do := range ways {
						direct, _ := dialling(1)
						seen[i] = whatHappens(t, s, func(r *http.Request) (*http.Response, error) {
							return do(httpclient.SameOrigin(&http.Client{Transport: direct}), r)
						}, method, address)
					}
					if seen[0] != seen[1] {
						t.Errorf("Do:\n%s\nhttp.Client.Do:\n%s", seen[0], seen[1])
					}
				})
			}
		}
	}
}

// whatHappens is the outcome of a request, and what the server got.
func whatHappens(t *testing.T, s *site, do func(*http.Request) (*http.Response, error), method, address string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://x.invalid", strings.NewReader(prompt))
	if err != nil {
		t.Fatal(err)
	}
	if r.URL, err = url.Parse(address); err != nil {
		t.Fatal(err)
	}
	r.Host = r.URL.Host
	r.Header.Set("X-Key", key)
	response, err := do(r)
	text := ""
	if err == nil {
		body, fault := io.ReadAll(response.Body)
		response.Body.Close()
		text = fmt.Sprintf("status %d, %q, %v, from %s", response.StatusCode, body, fault, response.Request.URL)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	got := slices.Clone(s.got)
	s.got = nil
	return fmt.Sprintf("%s\n%v\n%q", text, err, got)
}
