package exec

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"nerbench/internal/fault"
	"nerbench/internal/parallel"
	"nerbench/runners"
)

// drainTime is the wait for what is left in the pipes of a process after its end.
const drainTime = 5 * time.Second

// helloNote is the time after which a note says that a program has written no hello line.
const helloNote = 10 * time.Second

// process is one process of the program.
type process struct {
	command *exec.Cmd
	in      io.WriteCloser
	lines   chan line     // of its standard output; an error is the last one
	quit    chan struct{} // closed: nobody reads lines
	writes  chan []byte
	exited  chan struct{}
	heard   chan struct{}    // closed: standard error was read
	state   *os.ProcessState // after exited
	said    *tail
	work    parallel.Group // its goroutines
	ending  sync.Once
	pipes   []io.Closer
	// answered: it has answered a passage.
	answered bool
	asked    int // passages that were sent: their ids are the numbers from 1
}

// line is a line of standard output without its end, or the error that ends it.
type line struct {
	text []byte
	err  error
}

// errTooLong is the error of a line that is longer than the limit.
var errTooLong = fmt.Errorf("a line of its standard output has more than %d MiB", longestAnswer>>20)

// errHalf is the error of a last line without an end.
var errHalf = errors.New("its standard output ended inside a line")

// begin starts a process, and reads nothing yet.
func begin(command, environment []string, name string, l *log) (*process, error) {
	p := &process{
		command: exec.Command(command[0], command[1:]...), said: &tail{}, lines: make(chan line), quit: make(chan struct{}),
		writes: make(chan []byte, mostBatch+1), exited: make(chan struct{}), heard: make(chan struct{}),
	}
	p.command.Env = environment
	separate(p.command)
	in, err := p.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	said, err := p.command.StderrPipe()
	if err != nil {
		return nil, err
	}
	p.in, p.pipes = in, []io.Closer{in, out, said}
	started := make(chan error)
	p.work.Go(func() {
		// The system may end the process with the thread that started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.exited)
		err := p.command.Start()
		started <- err
		if err == nil {
			p.state, _ = p.command.Process.Wait() // it fails for no child of this process
		}
	})
	if err := <-started; err != nil {
		for _, pipe := range p.pipes {
			_ = pipe.Close() // the process was not started
		}
		p.work.Wait()
		return nil, startError(command[0], err)
	}
	p.work.Go(func() { defer close(p.heard); l.read(said, name, p.said) })
	p.work.Go(func() { p.read(out) })
	p.work.Go(p.write)
	p.work.Go(p.release)
	return p, nil
}

// startError is the error of a program that cannot be started.
func startError(program string, err error) error {
	if pathError, ok := errors.AsType[*os.PathError](err); ok {
		err = pathError.Err
	}
	if execError, ok := errors.AsType[*exec.Error](err); ok {
		err = execError.Err
	}
	advice := "--command names the program and its arguments, such as 'python3 my_ner.py'; paths are relative to the working folder"
	if errors.Is(err, os.ErrPermission) {
		advice = "is it executable? Or name its interpreter: --command 'python3 " + program + "'"
	}
	return &fault.Hint{Err: runners.Mark(fmt.Errorf("%s: %w", program, err), runners.ErrFatal), Advice: advice}
}

// read reads standard output line by line.
func (p *process) read(out io.Reader) {
	send := func(l line) bool {
		select {
		case p.lines <- l:
			return true
		case <-p.quit:
			return false
		}
	}
	r := bufio.NewReaderSize(out, 64<<10)
	for {
		text, err := readLine(r)
		if err == nil {
			if !send(line{text: text}) {
				break
			}
			continue
		}
		send(line{err: err})
		break
	}
	_, _ = io.Copy(io.Discard, r) // nothing that the program writes may block it until it is killed
}

// readLine reads a line, without its end, of at most [longestAnswer] bytes.
func readLine(r *bufio.Reader) ([]byte, error) {
	var whole []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(whole)+len(part) > longestAnswer {
			return nil, errTooLong
		}
		whole = append(whole, part...)
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err != nil && len(whole) > 0 && errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%w: %s", errHalf, quoted(whole))
		case err != nil:
			return nil, io.EOF
		}
		return whole[:len(whole)-1], nil
	}
}

// write writes what was queued, until it fails or the process ends. The failure is not
// needed: the process has ended, or does not read, and its passages have a deadline.
func (p *process) write() {
	for {
		select {
		case b, open := <-p.writes:
			if !open {
				_ = p.in.Close() // the process may have ended
				return
			}
			if _, err := p.in.Write(b); err != nil {
				return
			}
		case <-p.exited:
			return
		}
	}
}

// release ends the readers once the process has ended: they get what is left in the
// pipes, even if children of the process hold them.
func (p *process) release() {
	<-p.exited
	kill(p.command) // what is left of its group
	timer := time.NewTimer(drainTime)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.quit:
	}
	for _, pipe := range p.pipes {
		_ = pipe.Close() // it may be closed
	}
}

// kill ends the process and its group at once, and waits for it.
func (p *process) kill() {
	p.ending.Do(func() {
		close(p.quit)
		select {
		case <-p.exited: // its number may be that of another process now
		default:
			kill(p.command)
		}
		p.work.Wait()
	})
}

// end lets the process end by itself within some time: its input ends. It returns an
// error if the process does not, or does so with an error.
func (p *process) end(grace time.Duration) error {
	close(p.writes)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	var late, spoke bool
	for lines := p.lines; lines != nil && !late; {
		select {
		case l := <-lines:
			if spoke = spoke || l.err == nil; l.err != nil {
				lines = nil
			}
		case <-timer.C:
			late = !p.hasExited()
		}
	}
	if !late {
		late = !p.settle(grace)
	}
	p.kill()
	switch {
	case late:
		return fmt.Errorf("the program did not end within %s after the end of its input, and was killed", grace)
	case !p.state.Success():
		return fmt.Errorf("the program had answered everything, and ended with %s", p.ended())
	case spoke:
		return errors.New("the program wrote extra lines at its end")
	}
	return nil
}

// settle waits until a process that ends has ended, and its standard error was read. It
// returns false if the process does not end within some time.
func (p *process) settle(limit time.Duration) (ended bool) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.exited:
	case <-timer.C:
		if !p.hasExited() {
			return false
		}
	}
	<-p.heard // release ends it
	return true
}

func (p *process) hasExited() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// ended describes the end of a process that has ended: its exit code, and what it said
// last.
func (p *process) ended() string {
	text := "an unknown exit code"
	if p.state != nil {
		text = "exit code " + strconv.Itoa(p.state.ExitCode())
		if p.state.ExitCode() < 0 {
			text = p.state.String() // signal: killed
		}
	}
	if last := p.said.last(); last != "" {
		text += ": " + last
	}
	return text
}

// hello waits for the first line of a process. Any error ends the process.
func (p *process) hello(ctx context.Context, limit, grace time.Duration, waits func()) (Hello, error) {
	timer, note := time.NewTimer(limit), time.NewTimer(helloNote)
	defer timer.Stop()
	defer note.Stop()
	for {
		select {
		case l := <-p.lines:
			if l.err == nil && len(l.text) > longestHello {
				l.err = fmt.Errorf("its first line has more than %d KiB", longestHello>>10)
			}
			if l.err != nil {
				return Hello{}, p.stopped(l.err, beforeHello, command(p.command), grace)
			}
			h, err := readHello(l.text)
			if err != nil {
				p.kill()
				err = runners.Mark(err, runners.ErrFatal)
				if errors.Is(err, errNoHello) {
					return h, &fault.Hint{Err: err, Advice: logAdvice}
				}
				return h, &fault.Hint{Err: err, Advice: "docs/exec.md describes the hello line"}
			}
			return h, nil
		case <-note.C:
			waits()
		case <-timer.C:
			p.kill()
			err := runners.Mark(fmt.Errorf("no hello within %s%s", limit, p.lastWords()), context.DeadlineExceeded)
			return Hello{}, &fault.Hint{Err: err, Advice: `the program must write its hello line, and flush it, before it reads anything (docs/exec.md); --timeout gives it more time`}
		case <-ctx.Done():
			p.kill()
			return Hello{}, ctx.Err()
		}
	}
}

const logAdvice = "standard output is for lines of the protocol only: print logs to standard error (docs/exec.md)"

// lastWords is what the process said last, for an error.
func (p *process) lastWords() string {
	if last := p.said.last(); last != "" {
		return " (it said last: " + last + ")"
	}
	return ""
}

// noModule is the message of Python about a package that is not installed.
var noModule = regexp.MustCompile(`No module named '([A-Za-z0-9_]+)`)

// stopped ends a process whose output has ended, and describes why. It returns nil if the
// process ended by its own will, after answers: a fresh one is asked the rest. A process
// without an answer has failed.
func (p *process) stopped(output error, when, program string, grace time.Duration) error {
	over, half := errors.Is(output, io.EOF), errors.Is(output, errHalf)
	ended := (over || half) && p.settle(grace)
	if over && !ended {
		output = errors.New("the program closed its standard output " + when + p.lastWords())
	}
	p.kill()
	if half && ended && !p.state.Success() {
		output = io.EOF // its end is the reason
	}
	if over && ended && p.answered && p.state.Success() {
		return nil
	}
	if !errors.Is(output, io.EOF) {
		return runners.Mark(output, runners.ErrMisread)
	}
	err := fmt.Errorf("the program ended %s with %s", when, p.ended())
	last := p.said.last()
	if m := noModule.FindStringSubmatch(last); m != nil && !strings.Contains(last, "install") { // else the program says how
		return &fault.Hint{Err: err, Advice: fmt.Sprintf("install the package that the program needs: %s -m pip install %s", program, m[1])}
	}
	if p.state != nil && p.state.String() == "signal: killed" {
		return &fault.Hint{Err: err, Advice: "the system may have ended it because memory was short: a smaller batch, or fewer --workers, need less"}
	}
	if last == "" && when == beforeHello {
		return &fault.Hint{Err: err, Advice: "the program must write its hello line first, and then read passages (docs/exec.md)"}
	}
	return err
}

// When the output of a program ends that should go on.
const (
	beforeHello = "before its hello line"
	inTheMiddle = "in the middle"
)

// command is the program of a command, as the user wrote it.
func command(c *exec.Cmd) string { return strings.TrimSpace(c.Args[0]) }
