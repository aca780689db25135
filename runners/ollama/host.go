package ollama

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// ParseHost parses the address of a server as Ollama parses OLLAMA_HOST: a host, a host
// with its port, or a URL with an optional path. The defaults are http, 127.0.0.1 and
// port 11434 (with a scheme: 80 or 443).
func ParseHost(s string) (*url.URL, error) {
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
		return nil, fmt.Errorf("ollama: host %q: scheme %q: must be http or https", s, scheme)
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
		return nil, fmt.Errorf("ollama: host %q: port %q: must be a number from 1 to 65535", s, named)
	}
	return &url.URL{Scheme: scheme, Host: net.JoinHostPort(host, named), Path: "/" + strings.TrimSuffix(path, "/")}, nil
}
