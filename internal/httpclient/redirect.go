// Package httpclient holds the policy of all HTTP clients of the program: where a
// request may be redirected to, and what of addresses and credentials is printed.
package httpclient

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// mostRedirects is the largest number of redirects of one request, as in net/http.
const mostRedirects = 10

// RedirectError is a redirect that was not followed. Nothing was sent to its target.
type RedirectError struct {
	From, To string // origins: scheme, host and port
	Why      string
}

func (e *RedirectError) Error() string {
	if e.From == e.To {
		return fmt.Sprintf("%s redirects the request: %s", e.From, e.Why)
	}
	return fmt.Sprintf("%s redirects the request to %s: %s", e.From, e.To, e.Why)
}

// SameOrigin returns a client that follows redirects only within the origin of the
// request: the same scheme, host and port. It is for requests with prompts or keys.
// A redirect that would change the method is an error, because the prompt would be lost.
func SameOrigin(c *http.Client) *http.Client {
	return with(c, func(next *http.Request, via []*http.Request) error {
		first := via[0]
		switch {
		case !sameOrigin(next.URL, first.URL):
			return refuse(next, via, "prompts and keys are not sent to another server")
		case next.Method != first.Method:
			return refuse(next, via, fmt.Sprintf("a %s request would become a %s request", first.Method, next.Method))
		}
		return nil
	})
}

// Download returns a client for downloads. It follows redirects to other origins, but
// sends them no credentials, and never follows one from https to http.
func Download(c *http.Client) *http.Client {
	return with(c, func(next *http.Request, via []*http.Request) error {
		for _, earlier := range via {
			if earlier.URL.Scheme == "https" && next.URL.Scheme != "https" {
				return refuse(next, via, "https must not become http")
			}
			if !sameOrigin(next.URL, earlier.URL) {
				for _, name := range []string{"Authorization", "Cookie", "Referer"} {
					next.Header.Del(name)
				}
			}
		}
		return nil
	})
}

// MostHeader is the largest size of the headers of a response, in bytes. Real ones have
// a few kilobytes.
const MostHeader = 1 << 20

// bounded is the default transport with a limit on headers.
var bounded = func() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	own := t.Clone()
	own.MaxResponseHeaderBytes = MostHeader
	return own
}()

// with returns a copy of a client with a policy for redirects; nil is the default
// client, with a limit on headers. The rules of both policies are here: the number of
// redirects, the schemes, and no login that comes from a server.
func with(c *http.Client, policy func(*http.Request, []*http.Request) error) *http.Client {
	if c == nil {
		c = http.DefaultClient
	}
	guarded := *c
	if guarded.Transport == nil {
		guarded.Transport = bounded
	}
	guarded.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		switch {
		case len(via) >= mostRedirects:
			return refuse(next, via, fmt.Sprintf("%d redirects in a row", len(via)))
		case next.URL.Scheme != "http" && next.URL.Scheme != "https":
			return refuse(next, via, "must be http or https")
		}
		next.URL.User = nil
		return policy(next, via)
	}
	return &guarded
}

func refuse(next *http.Request, via []*http.Request, why string) error {
	return &RedirectError{From: Origin(via[len(via)-1].URL), To: Origin(next.URL), Why: why}
}

// Origin is the scheme, the host and the port of an address, as text.
func Origin(u *url.URL) string { return u.Scheme + "://" + strings.ToLower(u.Host) }

func sameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

// port is the port of an address, also where it is the default of the scheme.
func port(u *url.URL) string {
	switch p := u.Port(); {
	case p != "":
		return p
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
