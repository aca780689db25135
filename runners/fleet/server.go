package fleet

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"nerbench/internal/fault"
)

// embedded is the NATS server of a coordinator.
type embedded struct {
	server *server.Server
	folder string
	file   file
}

// startServer listens on an address. token is that of the user; empty: one is made.
// Off loopback, connections are encrypted.
func startServer(listen, token string) (*embedded, error) {
	host, portText, err := net.SplitHostPort(listen)
	port, portErr := strconv.Atoi(portText)
	if err != nil || portErr != nil || port < 0 || port > 65535 {
		return nil, fault.Usagef("--listen %s: want ADDRESS:PORT, such as 127.0.0.1:4222 or 0.0.0.0:4222", listen)
	}
	if host == "" {
		host = "0.0.0.0"
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	// The server ends the process if it cannot listen, so the port is tried before.
	if err := tryPort(host, port); err != nil {
		return nil, fmt.Errorf("--listen %s: %w", listen, err)
	}
	folder, err := os.MkdirTemp("", "nerbench-fleet-") // the server wants one, and writes nothing
	if err != nil {
		return nil, err
	}
	e := &embedded{folder: folder, file: file{Fleet: Protocol, Name: "fleet", Token: token, Process: os.Getpid()}}
	if e.file.Token == "" {
		e.file.Token = rand.Text()
	}
	options := &server.Options{
		ServerName: "nerbench-" + rand.Text()[:8], Host: host, Port: port, NoLog: true, NoSigs: true,
		Authorization: e.file.Token, MaxPayload: largest + 1<<16, MaxPending: 256 << 20, AuthTimeout: 10,
		JetStream: true, StoreDir: folder, JetStreamMaxMemory: 8 << 30, JetStreamMaxStore: 1,
		PingInterval: pingEvery, MaxPingsOut: pingsOut, DisableJetStreamBanner: true,
	}
	if !loopback(host) {
		certificate, sum, err := newCertificate()
		if err != nil {
			return nil, errors.Join(err, os.RemoveAll(folder))
		}
		options.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13}
		options.TLSTimeout = 10
		e.file.Certificate = sum
	}
	e.server, err = server.NewServer(options)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("fleet: %w", err), os.RemoveAll(folder))
	}
	e.server.Start()
	if !e.server.ReadyForConnections(10 * time.Second) {
		e.stop()
		return nil, fmt.Errorf("--listen %s: the queue does not start", listen)
	}
	e.file.Host, _ = os.Hostname()
	e.file.Addresses = addresses(host, e.server.Addr().(*net.TCPAddr).Port, e.file.Host)
	return e, nil
}

// stop ends the server.
func (e *embedded) stop() {
	e.server.Shutdown()
	e.server.WaitForShutdown()
	_ = os.RemoveAll(e.folder) // it is empty
}

// tryPort reports whether a port can be listened on, and whether the port or the address is
// the reason if not.
func tryPort(host string, port int) error {
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(max(port, 0))))
	if err == nil {
		return l.Close()
	}
	free, other := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if other != nil {
		return &fault.Hint{Err: err, Advice: "want an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all"}
	}
	_ = free.Close()
	return &fault.Hint{Err: err, Advice: "another program has the port, such as the coordinator of another store: name another port, or 0 for any free one (workers read it in the join file)"}
}

// loopback reports whether only this machine can reach an address.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// addresses are those by which other machines may reach the server: the name of this one
// and its addresses if it listens on all of them.
func addresses(host string, port int, name string) []string {
	ip := net.ParseIP(host)
	hosts := []string{host}
	if ip != nil && ip.IsUnspecified() {
		hosts = nil
		if name != "" {
			hosts = append(hosts, name)
		}
		all, _ := net.InterfaceAddrs()
		for _, a := range all {
			if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
				hosts = append(hosts, n.IP.String())
			}
		}
		hosts = append(hosts, "127.0.0.1")
	}
	var list []string
	for _, h := range hosts {
		list = append(list, "nats://"+net.JoinHostPort(h, strconv.Itoa(port)))
	}
	return list
}

// newCertificate makes a certificate that is signed by itself, and its SHA-256.
func newCertificate() (tls.Certificate, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "nerbench"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), // clocks may differ
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, certificateSum(leaf), nil
}
