package vllm

import (
	"fmt"
	"net/url"
	"strings"
)

// DefaultServer is where a server of vLLM listens unless it is told otherwise.
const DefaultServer = "http://127.0.0.1:8000"

// ParseAddress reads the address of a server: a URL, or a host with its port. The
// /v1 at its end may be there or not. What would be a secret has no place in it:
// the key has its own.
func ParseAddress(s string) (*url.URL, error) {
	text := strings.TrimSpace(s)
	if text != "" && !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("vllm: server %q: not a URL", s) // the error would hold a password
	case u.User != nil:
		return nil, fmt.Errorf("vllm: server %s: holds a name or password: a key belongs into OPENAI_API_KEY", u.Redacted())
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("vllm: server %q: scheme %q: must be http or https", s, u.Scheme)
	case u.Host == "":
		return nil, fmt.Errorf("vllm: server %q: no host", s)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("vllm: server %q: a base URL has no %q and no %q", s, "?", "#")
	}
	u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/v1")
	return u, nil
}
