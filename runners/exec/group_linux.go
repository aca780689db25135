package exec

import (
	"os/exec"
	"syscall"
)

// separate puts a process into a group of its own, and lets it end with this process,
// however that ends.
func separate(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
