package serve

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"nerbench/internal/fault"
)

// policy is that of every response. The pages have most of it, too, for folders.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// cookieName is the cookie that keeps the token in a browser.
const cookieName = "nerbench-token"

// access decides who may read.
type access struct {
	hosts []string // the values of the header Host that are answered
	token [32]byte // its checksum
	open  bool     // no token is asked for
	shown string   // host and port for people
}

// newAccess lists the names of a listening address: exactly those, so that a page of
// another name that resolves to this machine reads nothing.
func newAccess(listening string, o Options) *access {
	a := &access{open: o.Token == "", token: sha256.Sum256([]byte(o.Token)), shown: listening}
	host, port, _ := net.SplitHostPort(listening) // of a listener
	ip := net.ParseIP(host)
	add := func(name string) { a.hosts = append(a.hosts, strings.ToLower(net.JoinHostPort(name, port))) }
	add(host)
	if asked, _, err := net.SplitHostPort(o.Addr); err == nil && asked != "" && net.ParseIP(asked) == nil {
		add(asked)
	}
	if ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		add("localhost")
	}
	if ip != nil && ip.IsUnspecified() { // every address of the machine
		a.shown = net.JoinHostPort("127.0.0.1", port)
		if addresses, err := net.InterfaceAddrs(); err == nil {
			for _, address := range addresses {
				if n, ok := address.(*net.IPNet); ok {
					add(n.IP.String())
				}
			}
		}
		if name, err := os.Hostname(); err == nil {
			add(name)
		}
	}
	if port == "80" { // browsers leave it out
		for _, h := range slices.Clone(a.hosts) {
			a.hosts = append(a.hosts, strings.TrimSuffix(h, ":80"))
		}
	}
	return a
}

// guard answers only requests that may be answered.
func (a *access) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		switch {
		case !slices.Contains(a.hosts, strings.ToLower(r.Host)):
			http.Error(w, "this server does not answer for that host", http.StatusMisdirectedRequest)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		case a.open || a.bears(r):
			next.ServeHTTP(w, r)
		case a.is(r.URL.Query().Get("token")):
			http.SetCookie(w, &http.Cookie{Name: cookieName, Value: url.QueryEscape(r.URL.Query().Get("token")), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
			h.Set("Cache-Control", "no-store")
			http.Redirect(w, r, (&url.URL{Path: "/" + strings.TrimLeft(r.URL.Path, "/")}).String(), http.StatusSeeOther)
		default:
			h.Set("WWW-Authenticate", "Bearer")
			http.Error(w, "open the address with ?token=TOKEN, or send the header Authorization: Bearer TOKEN", http.StatusUnauthorized)
		}
	})
}

// bears reports whether a request has the token, in its header or in its cookie.
func (a *access) bears(r *http.Request) bool {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return a.is(token)
	}
	if c, err := r.Cookie(cookieName); err == nil {
		token, err := url.QueryUnescape(c.Value)
		return err == nil && a.is(token)
	}
	return false
}

func (a *access) is(token string) bool {
	sum := sha256.Sum256([]byte(token))
	return !a.open && subtle.ConstantTimeCompare(sum[:], a.token[:]) == 1
}

// quietLog drops what the server of the standard library logs: broken connections of
// clients.
func quietLog() *log.Logger { return log.New(io.Discard, "", 0) }

// ReadToken reads the token of a server, the first line of a file; empty without a file.
func ReadToken(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("serve: --token-file: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if line = strings.TrimSpace(line); line == "" {
		return "", fault.Usagef("serve: --token-file %s: the first line is empty", path)
	}
	return line, nil
}
