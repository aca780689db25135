package lock

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

const childVariable = "NERBENCH_TEST_LOCK"

// TestMain lets the test binary be another process that holds a lock until it is
// killed.
func TestMain(m *testing.M) {
	if path := os.Getenv(childVariable); path != "" {
		if l, err := Take(context.Background(), path, func() {}); err != nil || !l.Exclusive {
			os.Exit(1)
		}
		os.Stdout.WriteString("locked\n")
		select {}
	}
	os.Exit(m.Run())
}

// One caller at a time has the lock; the others wait.
func TestTake(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "lock")
	first, err := Take(t.Context(), path, func() { t.Error("waits for nobody") })
	if err != nil || !first.Exclusive {
		t.Fatalf("%+v, %v", first, err)
	}
	var released atomic.Bool
	waits, done := make(chan bool, 1), make(chan error, 1)
	go func() {
		second, err := Take(t.Context(), path, func() { waits <- true })
		if err == nil {
			if !released.Load() {
				err = errors.New("two locks at once")
			}
			err = errors.Join(err, second.Release())
		}
		done <- err
	}()
	<-waits
	released.Store(true)
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err == nil && runtime.GOOS != "windows" {
		t.Error("the file remains")
	}
}

// Many callers never have the lock at the same time, although its file is removed and
// created again.
func TestTakeByMany(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	var holders, turns atomic.Int32
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 4 {
				l, err := Take(t.Context(), path, func() {})
				if err != nil {
					t.Error(err)
					return
				}
				if n := holders.Add(1); n != 1 {
					t.Errorf("%d holders", n)
				}
				turns.Add(1)
				holders.Add(-1)
				if err := l.Release(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
	if turns.Load() != 32 {
		t.Errorf("%d turns", turns.Load())
	}
}

// Waiting ends with the context.
func TestTakeInterrupted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := Take(t.Context(), path, func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Release()
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := Take(ctx, path, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// The lock of a killed process ends with it.
func TestTakeAfterKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childVariable+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked\n" {
		t.Fatalf("%q, %v", line, err)
	}
	waited := false
	l, err := Take(t.Context(), path, func() {
		waited = true
		if err := child.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = child.Wait() // killed
	})
	if err != nil || !l.Exclusive || !waited {
		t.Fatalf("%+v, waited %t, %v", l, waited, err)
	}
	if err := l.Release(); err != nil {
		t.Error(err)
	}
}

// A folder that cannot be made is an error.
func TestTakeRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Take(t.Context(), filepath.Join(file, "lock"), func() {}); err == nil {
		t.Error("no error")
	}
}
