//go:build unix

package httpclient

import (
	"io"
	"net"
	"os"
	"syscall"
)

// canLook: whether a connection is open can be found out without waiting.
const canLook = true

// rawConn gives access to the file of a connection; nil if it has none.
func rawConn(c net.Conn) syscall.RawConn {
	s, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// quiet reports whether a connection is open and has nothing to read.
func quiet(fd uintptr) bool {
	var b [1]byte
	_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
}

// writeThenRead writes, and reads what comes next. A connection of package net tries to
// read before it waits; between a request and its response, there is nothing to read yet.
// So this waits first, from before the request is written. What came before the wait does
// not end it, so this looks for it: an idle connection with something to read was closed by
// the server ([errGone]); a new one may have a response already.
func (c *connection) writeThenRead(write func() error, p []byte) (n int, written, err error) {
	if c.raw == nil {
		written = write()
		n, err = c.Conn.Read(p)
		return n, written, err
	}
	began, gone := false, false
	var fault error
	err = c.raw.Read(func(fd uintptr) bool {
		if !began {
			began = true
			waits := quiet(fd)
			if gone = !waits && !c.since.IsZero(); gone {
				return true
			}
			if written = write(); written == nil && waits {
				return false
			}
		}
		for n, fault = syscall.Read(int(fd), p); fault == syscall.EINTR; {
			n, fault = syscall.Read(int(fd), p)
		}
		return fault != syscall.EAGAIN
	})
	switch {
	case err != nil: // the deadline has passed, or the connection was closed
		return 0, written, err
	case gone:
		return 0, nil, errGone
	case fault != nil:
		return 0, written, &net.OpError{Op: "read", Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: os.NewSyscallError("read", fault)}
	case n == 0 && len(p) > 0:
		return 0, written, io.EOF
	}
	return n, written, nil
}
