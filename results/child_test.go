package results

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"nerbench/ner"
)

// If this variable is set, the test binary runs as another process that uses a
// store: "PATH JOB ARGUMENT…".
const childVariable = "NERBENCH_TEST_CHILD"

func TestMain(m *testing.M) {
	if job := os.Getenv(childVariable); job != "" {
		if err := child(strings.Split(job, "\n")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func childCommand(t testing.TB, path string, job ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childVariable+"="+strings.Join(append([]string{path}, job...), "\n"))
	return cmd
}

func child(args []string) error {
	path, job, args := args[0], args[1], args[2:]
	switch job {
	case "record":
		return childRecord(path, args)
	case "upgrade":
		return childUpgrade(path)
	case "merge":
		return childMerge(path, args)
	case "power":
		return childPower(path, args)
	case "migrate":
		return childMigrate(path)
	case "creatable":
		fmt.Println(Creatable(path))
		return nil
	case "open":
		for how, open := range openings {
			s, err := open(context.Background(), path)
			fmt.Printf("%s: %v\n", how, err)
			if err == nil {
				n := 0
				for _, err := range s.Passages(context.Background(), testRun("m").ID()) {
					if err != nil {
						return err
					}
					n++
				}
				fmt.Printf("%s: %d passages\n", how, n)
				s.Close()
			}
		}
		return nil
	}
	return fmt.Errorf("unknown job %s", job)
}

// childRecord works like a run of N passages: it begins, finds the incomplete
// passages, records them from several goroutines, and ends. It prints "start" when
// it begins to record, and the index of every passage after Record has committed
// it. Half of the passages are recorded by a Writer, whose commits are not printed. With a
// second argument, it prints no more commits than that, and then waits to be killed.
func childRecord(path string, args []string) error {
	ctx := context.Background()
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	most := n
	if len(args) > 1 {
		if most, err = strconv.Atoi(args[1]); err != nil {
			return err
		}
	}
	s, err := Open(ctx, path, Create)
	if err != nil {
		return err
	}
	defer s.Close()
	run := testRun("m")
	for {
		err := s.Begin(ctx, run, n)
		if err == nil {
			break
		}
		if !errors.As(err, new(*AskedError)) {
			return err
		}
		time.Sleep(time.Millisecond) // until the other process has ended
	}
	done, err := s.Done(ctx, run.ID())
	if err != nil {
		return err
	}
	out := newLines(os.Stdout)
	out.print("start")
	w := s.Writer(ctx, run.ID())
	var workers sync.WaitGroup
	failures := make(chan error, 2)
	workers.Go(func() {
		for i := 0; i < n; i += 2 {
			if done[i] {
				continue
			}
			if err := w.Record(ctx, testPassage("q", i, threeTypes...), true); err != nil {
				failures <- err
				return
			}
		}
	})
	workers.Go(func() {
		for i := 1; i < n; i += 2 {
			if done[i] {
				continue
			}
			if most == 0 {
				_, err := os.Stdin.Read(make([]byte, 1)) // no input arrives
				failures <- errors.Join(errors.New("not killed"), err)
				return
			}
			most--
			if err := s.Record(ctx, run.ID(), []ner.Passage{testPassage("q", i, threeTypes...)}, nil); err != nil {
				failures <- err
				return
			}
			out.print(strconv.Itoa(i))
		}
	})
	workers.Wait()
	close(failures)
	if err := <-failures; err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return s.End(ctx, run.ID())
}

// lines writes whole lines, each in one call.
type lines struct {
	mu sync.Mutex
	w  io.Writer
}

func newLines(w io.Writer) *lines { return &lines{w: w} }

func (l *lines) print(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(l.w, line)
}

// readLines passes on the whole lines that a child prints.
func readLines(r io.Reader) <-chan string {
	c := make(chan string)
	go func() {
		defer close(c)
		for b := bufio.NewReader(r); ; {
			line, err := b.ReadString('\n')
			if err != nil {
				return // an incomplete line is ignored
			}
			c <- strings.TrimSuffix(line, "\n")
		}
	}()
	return c
}
