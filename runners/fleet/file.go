package fleet

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"nerbench/internal/fault"
)

// FileSuffix is what the name of the file for workers adds to that of the store.
const FileSuffix = ".fleet"

// file is what workers need to reach a coordinator.
type file struct {
	Fleet       int      `json:"nerbench_fleet"` // [Protocol]
	Addresses   []string `json:"addresses"`      // of the server, the best one first
	Token       string   `json:"token,omitempty"`
	Certificate string   `json:"certificate_sha256,omitempty"` // of the server, in DER; empty: no TLS of its own
	Name        string   `json:"name"`                         // of the fleet, in the server
	Host        string   `json:"host"`                         // of the coordinator
	Process     int      `json:"process"`
}

// write replaces the file. Only the user can read it.
func (f *file) write(path string) error {
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(path, text, true)
}

// replaceFile replaces a file by one with a text that only the user can read. sync: it is on
// the disk afterwards.
func replaceFile(path string, text []byte, sync bool) error {
	fresh, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = fresh.Write(append(text, '\n'))
	if sync {
		err = errors.Join(err, fresh.Sync())
	}
	err = errors.Join(err, fresh.Close())
	if err == nil {
		err = os.Rename(fresh.Name(), path)
	}
	if err != nil {
		_ = os.Remove(fresh.Name())
	}
	return err
}

// coordinatorAdvice is what to do without the file of a coordinator.
const coordinatorAdvice = "run --listen writes this file beside its store, and removes it at its end"

// readFile reads the file of a coordinator.
func readFile(path string) (*file, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(text) == 0 {
		return nil, fmt.Errorf("%s: the file is empty", path)
	}
	f := &file{}
	if err := json.Unmarshal(text, f); err != nil || f.Fleet == 0 || len(f.Addresses) == 0 {
		return nil, fmt.Errorf("%s: not the file of a coordinator", path)
	}
	if f.Fleet != Protocol {
		return nil, &fault.UsageError{Err: fmt.Errorf("%s: protocol %d, but this program has protocol %d", path, f.Fleet, Protocol)}
	}
	return f, nil
}

// fleetName is the form of the name of a fleet in a server.
var fleetName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// readAddress reads the address of a NATS server: nats:// or tls://, the name of a fleet
// as its path. Several servers of a cluster are separated by commas; those without scheme
// and login have those of the first one.
func readAddress(address string) (*file, error) {
	f := &file{Fleet: Protocol, Name: "fleet"}
	var first *url.URL
	for _, part := range strings.Split(address, ",") {
		if first != nil && !strings.Contains(part, "://") {
			part = first.Scheme + "://" + part
		}
		u, err := url.Parse(part)
		if err != nil || u.Hostname() == "" || u.Scheme != "nats" && u.Scheme != "tls" {
			return nil, fault.Usagef("%s: want nats://HOST:PORT or tls://HOST:PORT, followed by /NAME if the server has several fleets", withoutLogin(address))
		}
		if first == nil {
			first = u
		} else if u.User == nil {
			u.User = first.User
		}
		if name := strings.Trim(u.Path, "/"); name != "" {
			f.Name = name
		}
		u.Path = ""
		f.Addresses = append(f.Addresses, u.String())
	}
	if !fleetName.MatchString(f.Name) {
		return nil, fault.Usagef("%s: %q is not the name of a fleet: want letters, digits, - and _", withoutLogin(address), f.Name)
	}
	return f, nil
}

// isAddress reports whether a fleet is named by the address of a server.
func isAddress(join string) bool { return strings.Contains(join, "://") }

// readJoin reads what names a fleet: a file, or the address of a NATS server.
func readJoin(join string) (*file, error) {
	if isAddress(join) {
		return readAddress(join)
	}
	return readFile(join)
}

// place is where the fleet is, for people.
func (f *file) place() string {
	var places []string
	for _, a := range f.Addresses {
		places = append(places, withoutLogin(a))
	}
	return strings.Join(places, ",")
}

// withoutLogin is an address as it may be printed.
func withoutLogin(address string) string {
	parts := strings.Split(address, ",")
	for i, part := range parts {
		if i > 0 && !strings.Contains(part, "://") { // a further server
			part = "//" + part
		}
		u, err := url.Parse(part)
		if err != nil {
			return "(a malformed address)"
		}
		u.User = nil
		parts[i] = strings.TrimPrefix(u.String(), "//")
	}
	return strings.Join(parts, ",")
}

func (f *file) subjects() subjects { return subjects{"nerbench." + f.Name} }

// pings notice a connection that is dead, but not closed.
const (
	pingEvery = 5 * time.Second
	pingsOut  = 2
)

// dialFor limits one attempt to connect to an address.
const dialFor = 5 * time.Second

// dialer dials until a context ends.
type dialer struct{ ctx context.Context }

// Dial implements [nats.CustomDialer].
func (d dialer) Dial(network, address string) (net.Conn, error) {
	return (&net.Dialer{Timeout: dialFor}).DialContext(d.ctx, network, address)
}

// connect connects to the server, until the context ends. further are more options.
func (f *file) connect(ctx context.Context, name string, further ...nats.Option) (*nats.Conn, error) {
	options := append([]nats.Option{
		nats.Name(name), nats.DontRandomize(), nats.Timeout(dialFor), nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(pingsOut),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), nats.SetCustomDialer(dialer{ctx}),
	}, further...)
	if f.Token != "" {
		options = append(options, nats.Token(f.Token))
	}
	if f.Certificate != "" {
		options = append(options, nats.Secure(pinned(f.Certificate)))
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return nats.Connect(strings.Join(f.Addresses, ","), options...)
}

// pinned accepts one certificate, by its SHA-256, and no other.
func pinned(sum string) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		InsecureSkipVerify: true, // no authority has signed it: it is compared instead
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 || certificateSum(s.PeerCertificates[0]) != sum {
				return errors.New("the server has another certificate than the file names: is it a copy of the file of an earlier coordinator?")
			}
			return nil
		},
	}
}

func certificateSum(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}
