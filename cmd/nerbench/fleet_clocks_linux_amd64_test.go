package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"nerbench/internal/campaign"
	"nerbench/internal/reference"
)

// withClock starts a process whose clock is wrong. The kernel maps the code that reads the
// clock into each process (vDSO). Before the process runs, it is replaced by code that adds
// the difference to the time of day. begin starts the process.
func withClock(cmd *exec.Cmd, wrong time.Duration, begin func() error) error {
	runtime.LockOSThread() // only this thread may change the process
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := begin(); err != nil {
		return err
	}
	pid := cmd.Process.Pid
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil || !status.Stopped() {
		return fmt.Errorf("process %d did not stop: %v", pid, err)
	}
	place, err := clockOf(pid)
	if err != nil {
		return err
	}
	code := []byte{
		0xb8, 0xe4, 0, 0, 0, // eax = 228, the number of clock_gettime
		0x0f, 0x05, // syscall
		0x85, 0xff, // is edi, the clock, not 0, the time of day?
		0x75, 0x07, // then skip one instruction
		0x48, 0x81, 0x06, // add to the seconds at rsi
	}
	code = binary.LittleEndian.AppendUint32(code, uint32(int32(wrong.Seconds())))
	code = append(code, 0xc3) // return
	if _, err := syscall.PtracePokeText(pid, place, code); err != nil {
		return err
	}
	return syscall.PtraceDetach(pid)
}

// clockOf is the address of the function with which a process reads the clock.
func clockOf(pid int) (uintptr, error) {
	vectors, err := os.ReadFile(fmt.Sprintf("/proc/%d/auxv", pid))
	if err != nil {
		return 0, err
	}
	const vdso = 33 // AT_SYSINFO_EHDR
	for ; len(vectors) >= 16; vectors = vectors[16:] {
		if binary.LittleEndian.Uint64(vectors) != vdso {
			continue
		}
		base := uintptr(binary.LittleEndian.Uint64(vectors[8:]))
		size, err := mapped(pid, base)
		if err != nil {
			return 0, err
		}
		image := make([]byte, size)
		if _, err := syscall.PtracePeekText(pid, base, image); err != nil {
			return 0, err
		}
		library, err := elf.NewFile(bytes.NewReader(image))
		if err != nil {
			return 0, err
		}
		symbols, err := library.DynamicSymbols()
		if err != nil {
			return 0, err
		}
		for _, s := range symbols {
			if s.Name == "__vdso_clock_gettime" {
				return base + uintptr(s.Value), nil
			}
		}
	}
	return 0, fmt.Errorf("process %d reads the clock elsewhere", pid)
}

// mapped is the size of the mapping that begins at an address.
func mapped(pid int, at uintptr) (uintptr, error) {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(maps)) {
		var first, end uintptr
		if _, err := fmt.Sscanf(line, "%x-%x", &first, &end); err == nil && first == at {
			return end - first, nil
		}
	}
	return 0, fmt.Errorf("process %d: nothing is mapped at %x", pid, at)
}

// TestFleetClocks: the clocks of a coordinator and its workers are an hour apart, each in
// another direction, off loopback, where certificates are compared. Workers and the
// coordinator are killed, and the next ones have other clocks. The store must equal that of
// an undisturbed process.
func TestFleetClocks(t *testing.T) {
	t.Parallel()
	c := campaign.Start(t, campaign.Size{Short: 1, Full: 10})
	f := newMachines(t, 80, 20*time.Millisecond)
	now := f.program(programArgument, "clock")
	var printed bytes.Buffer
	now.Stdout = &printed
	before := time.Now()
	if err := withClock(now, -time.Hour, now.Start); err != nil {
		reference.Skip(t, fmt.Sprintf("the clock of a process cannot be set: %v", err))
	}
	if err := now.Wait(); err != nil {
		t.Fatal(err)
	}
	if read, err := strconv.ParseInt(strings.TrimSpace(printed.String()), 10, 64); err != nil || read < before.Add(-time.Hour).Unix() || read > time.Now().Add(-time.Hour).Unix() {
		t.Fatalf("a clock that is an hour behind reads %q, %v", printed.String(), err)
	}
	hours := func() time.Duration {
		return []time.Duration{-time.Hour, time.Hour, 24 * time.Hour}[c.Random.IntN(3)]
	}
	start := func(args ...string) (m *member) {
		cmd := f.program(args...)
		if err := withClock(cmd, hours(), func() error { m = f.begin(cmd); return nil }); err != nil {
			t.Fatal(err)
		}
		m.await()
		return m
	}
	coordinate := func() { f.coordinator = start(f.ask("--store", f.store, "--listen", "0.0.0.0:0")...) }
	worker := func() *member {
		return start("worker", "--join", f.join, "-m", "ollama/tiny", "--max-connections", fmt.Sprint(fleetSlots))
	}
	for range c.Tries {
		first, second := 10+c.Random.IntN(20), 40+c.Random.IntN(20)
		answers := f.hold(first)
		coordinate()
		f.workers = []*member{worker(), worker(), worker()}
		f.reach(first)
		f.workers[0].kill()
		f.disturbed(1)
		f.workers[0] = worker()
		c.Saw(1, "workers were killed")
		answers.allow(second)
		f.reach(first + second)
		f.killCoordinator()
		coordinate()
		c.Saw(1, "coordinators were killed")
		answers.release()
		f.finish()
		if t.Failed() {
			return
		}
		f.again()
	}
}
