package reference

import (
	"net"
	"testing"
	"time"
)

// Alone waits until no other test of this machine runs a real server, and blocks
// the others until this test ends. The threads of a server spin while they wait for
// each other, so that two servers on few processors take minutes instead of
// seconds. A port of this machine is the mutex.
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

// FreeAddress is an address with a port that no process listens on.
func FreeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
