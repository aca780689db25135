package vllm

import (
	"fmt"
	"net/url"
	"strings"

	"nerbench/internal/httpclient"
)

// DefaultServer is the default address of a vLLM server.
const DefaultServer = "http://127.0.0.1:8000"

// ParseAddress parses the address of a server: a URL, or a host with its port. The suffix
// /v1 is optional. A user name or password is an error, because addresses are stored and
// printed; the key is a separate setting.
func ParseAddress(s string) (*url.URL, error) {
	text := strings.TrimSpace(s)
	if text != "" && !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("vllm: server %q: not a URL", httpclient.Redact(s)) // the error of the parser may quote a password
	case u.User != nil:
		return nil, fmt.Errorf("vllm: server %s: a name or password is not allowed: put the key into OPENAI_API_KEY", httpclient.Redact(s))
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("vllm: server %q: the scheme must be http or https", httpclient.Redact(s))
	case u.Host == "":
		return nil, fmt.Errorf("vllm: server %q: no host", httpclient.Redact(s))
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("vllm: server %q: %q and %q are not allowed in a base URL", httpclient.Redact(s), "?", "#")
	}
	u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/v1")
	return u, nil
}
