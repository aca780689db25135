package ollama

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"nerbench/internal/httpclient"
)

// ParseHost parses the address of a server as Ollama parses OLLAMA_HOST: a host, a host
// with its port, or a URL with an optional path. The defaults are http, 127.0.0.1 and
// port 11434 (with a scheme: 80 or 443). The suffix /v1 of OpenAI's API is dropped. login
// is the name and password, for a proxy before the server; nil: there is none. The URL
// does not contain them, so that it can be printed.
func ParseHost(s string) (base *url.URL, login *url.Userinfo, err error) {
	s = strings.TrimSpace(s)
	port := "11434"
	scheme, rest, ok := strings.Cut(s, "://")
	switch {
	case !ok:
		scheme, rest = "http", s
	case scheme == "http":
		port = "80"
	case scheme == "https":
		port = "443"
	default:
		return nil, nil, fmt.Errorf("ollama: host %q: the scheme must be http or https", httpclient.Redact(s))
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		if login, err = parseLogin(rest[:at]); err != nil {
			return nil, nil, fmt.Errorf("ollama: host %q: name and password: %w", httpclient.Redact(s), err)
		}
		rest = rest[at+1:]
	}
	hostport, path, _ := strings.Cut(rest, "/")
	host, named, err := net.SplitHostPort(hostport)
	if err != nil { // there is no port
		host, named = strings.Trim(hostport, "[]"), port
	}
	if host == "" {
		host = "127.0.0.1"
	}
	if n, err := strconv.ParseUint(named, 10, 16); err != nil || n == 0 {
		return nil, nil, fmt.Errorf("ollama: host %q: the port must be a number from 1 to 65535", httpclient.Redact(s))
	}
	path = "/" + strings.TrimRight(path, "/")
	if path = strings.TrimSuffix(path, "/v1"); path == "" {
		path = "/"
	}
	return &url.URL{Scheme: scheme, Host: net.JoinHostPort(host, named), Path: path}, login, nil
}

// parseLogin parses NAME:PASSWORD, as in a URL.
func parseLogin(s string) (*url.Userinfo, error) {
	name, password, both := strings.Cut(s, ":")
	name, errName := url.PathUnescape(name)
	password, errPassword := url.PathUnescape(password)
	if errName != nil || errPassword != nil { // the error would quote them
		return nil, fmt.Errorf("%q is not followed by two hexadecimal digits", "%")
	}
	if both {
		return url.UserPassword(name, password), nil
	}
	return url.User(name), nil
}
