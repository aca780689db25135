//go:build !unix

package exec

import "os/exec"

// separate does nothing: there are no groups of processes.
func separate(*exec.Cmd) {}

// kill ends a process.
func kill(c *exec.Cmd) {
	_ = c.Process.Kill() // fails if it has ended
}
