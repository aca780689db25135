//go:build !unix

package httpclient

import (
	"net"
	"syscall"
)

// canLook: whether a connection is open could only be found out by waiting for a byte,
// which costs more time than Direct saves.
const canLook = false

func rawConn(net.Conn) syscall.RawConn { return nil }

func (c *connection) writeThenRead(write func() error, p []byte) (n int, written, err error) {
	written = write()
	n, err = c.Conn.Read(p)
	return n, written, err
}
