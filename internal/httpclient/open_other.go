//go:build !unix

package httpclient

import (
	"errors"
	"net"
	"os"
	"time"
)

// open reports whether an idle connection is still open: the server has neither closed it
// nor sent anything.
func open(c net.Conn) bool {
	if c.SetReadDeadline(time.Now().Add(time.Millisecond)) != nil {
		return false
	}
	n, err := c.Read(make([]byte, 1))
	return n == 0 && errors.Is(err, os.ErrDeadlineExceeded) && c.SetReadDeadline(time.Time{}) == nil
}
