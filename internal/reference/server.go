package reference

import (
	"net"
	"testing"
	"time"
)

// Alone waits until no other test of this machine runs a real server, and keeps
// others waiting until this one ends: the threads of a server wait for each other
// without sleep, so that two servers on few processors take minutes for seconds. A
// port that nobody else uses serves as the lock.
func Alone(t testing.TB) {
	t.Helper()
	const port = "127.0.0.1:48151"
	for range 9000 {
		if l, err := net.Listen("tcp", port); err == nil {
			t.Cleanup(func() { l.Close() })
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s: another test has run a server for a quarter of an hour", port)
}

// FreeAddress is a port of this machine that nobody listens at.
func FreeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
