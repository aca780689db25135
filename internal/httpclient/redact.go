package httpclient

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// hidden replaces what is not printed.
const hidden = "***"

// Redact returns the address of a server as it may be printed: as [WithoutLogin], and
// without its query and its fragment, which may contain a key.
func Redact(address string) string {
	address = WithoutLogin(address)
	if i := strings.IndexAny(address, "?#"); i >= 0 {
		return address[:i+1] + hidden
	}
	return address
}

// WithoutLogin returns an address whose name and password are replaced. The text need
// not be a valid address: whatever could be a password is replaced.
func WithoutLogin(address string) string {
	scheme, rest := "", address
	if before, after, ok := strings.Cut(address, "://"); ok && isScheme(before) {
		scheme, rest = before+"://", after
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = hidden + rest[at:]
	}
	host, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	return scheme + redactPort(host) + path
}

// redactPort replaces what follows the host if it is not a number: NAME:PASSWORD
// without a host looks like a host with a port.
func redactPort(host string) string {
	if net.ParseIP(strings.Trim(host, "[]")) != nil {
		return host
	}
	start := strings.IndexByte(host, ']') + 1 // of an address of IPv6
	i := strings.IndexByte(host[start:], ':')
	if i < 0 {
		return host
	}
	if port := host[start+i+1:]; strings.Trim(port, "0123456789") == "" {
		return host
	}
	return host[:start+i+1] + hidden
}

// isScheme reports whether a text is the scheme of a URL by its letters. Anything else
// before :// may be a part of a password.
func isScheme(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// shortestSecret is the length of the shortest key that is replaced in messages, in
// bytes. Shorter ones protect nothing, and would be found in ordinary words.
const shortestSecret = 4

// Secrets are the credentials of a client: keys, passwords. No message shows them.
type Secrets []string

// Bearer are the secrets of a key.
func Bearer(key string) Secrets {
	if len(key) < shortestSecret {
		return nil
	}
	return Secrets{key}
}

// Login are the secrets of a name with a password, also in the forms in which they are
// sent and written; nil: there are none.
func Login(login *url.Userinfo) Secrets {
	if login == nil {
		return nil
	}
	password, _ := login.Password()
	both := base64.StdEncoding.EncodeToString([]byte(login.Username() + ":" + password))
	s := Secrets{both}
	if len(password) >= shortestSecret {
		s = append(s, password)
		if escaped := url.QueryEscape(password); escaped != password {
			s = append(s, escaped)
		}
	}
	return s
}

// longestMessage is the length of the longest message of an error, in bytes. Addresses and
// numbers in it are those of a server, and may have any length.
const longestMessage = 1500

// Hide returns an error without the secrets in its message, and shortens a long message.
// It wraps the error.
func (s Secrets) Hide(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	message := s.Redact(text)
	if len(message) > longestMessage {
		message = fmt.Sprintf("%s … (%d bytes)", strings.ToValidUTF8(message[:longestMessage], ""), len(message))
	}
	if message != text {
		return &hiddenError{message, err}
	}
	return err
}

// hiddenError is an error with another message.
type hiddenError struct {
	message string
	err     error
}

func (e *hiddenError) Error() string { return e.message }

func (e *hiddenError) Unwrap() error { return e.err }

// Redact replaces the secrets in a message, which a server may have echoed.
func (s Secrets) Redact(message string) string {
	for _, secret := range s {
		message = strings.ReplaceAll(message, secret, hidden)
	}
	return message
}
