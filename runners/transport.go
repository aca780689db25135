package runners

import (
	"context"
	"net"
	"net/http"
	"strings"
	"time"

	"nerbench/internal/httpclient"
	"nerbench/ner"
)

// defaultConnections is the number of idle connections that a client keeps.
const defaultConnections = 64

// NewClient returns an HTTP client for many small requests to few hosts. It keeps up to
// connections idle connections to each host; 0 stands for 64. Answers are not
// compressed, because they are small and the servers are near. Redirects are followed
// within the origin of a request only. dialled is called for each new connection; it may
// be nil.
func NewClient(connections int, dialled func()) *http.Client {
	if connections <= 0 {
		connections = defaultConnections
	}
	direct := (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := direct(ctx, network, address)
		if err == nil && dialled != nil {
			dialled()
		}
		return conn, err
	}
	return httpclient.SameOrigin(&http.Client{Transport: &httpclient.Direct{Dial: dial, Idle: connections, Other: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dial,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxResponseHeaderBytes: httpclient.MostHeader,
		MaxIdleConns:           0, // those of each host are bounded
		MaxIdleConnsPerHost:    connections,
		IdleConnTimeout:        90 * time.Second,
		DisableCompression:     true,
	}}})
}

// AppendJSONString writes a JSON string. Text that is not UTF-8 becomes U+FFFD.
func AppendJSONString(b []byte, s string) []byte {
	return ner.AppendJSONString(b, strings.ToValidUTF8(s, "\uFFFD"))
}
