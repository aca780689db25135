// Package chattemplate applies the chat templates of model files. A template is a
// program that a stranger wrote: it may loop, grow or call itself without end, and the
// library that runs it cannot be stopped. So a child process, which is the program
// itself, runs it, and ends if the template exceeds a limit of time, memory, depth or
// output. The main function of the program calls [Serve] first.
package chattemplate

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"nerbench/internal/parallel"
	"nerbench/ner"
)

// The limits of a template. Those of published models have some kilobytes, and run for
// less than a millisecond.
const (
	mostSource = 1 << 20          // bytes of the template
	mostText   = 16 << 20         // bytes of the prompt that it writes
	mostTime   = time.Second      // on processors, for one prompt
	mostWait   = time.Minute      // for one prompt, while the machine is busy with other work
	mostMemory = 256 << 20        // bytes of its values
	mostStack  = 32 << 20         // bytes; recursion needs some hundred bytes per level
	startTime  = 30 * time.Second // within which the child process starts
	mostReason = 300              // bytes of a message of the template
)

// Input is what a template is applied to.
type Input struct {
	Messages []ner.Message
	Think    bool   // value of enable_thinking
	BOS, EOS string // the texts of these tokens
}

// Template is a chat template. Close it to end its process. It may be used by several
// goroutines, and applies one input at a time.
type Template struct {
	source string

	mu      sync.Mutex
	process *process
	failed  error // of a limit: the template is not tried again
}

// New returns a template with this source (Jinja). The source is compiled at the first
// call of Render.
func New(source string) *Template { return &Template{source: source} }

// Render applies the template. A template that exceeds a limit is an error of one line,
// at this and each later call.
func (t *Template) Render(in Input) (string, error) { return t.render(in, false) }

func (t *Template) render(in Input, marks bool) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.failed != nil:
		return "", t.failed
	case len(t.source) > mostSource:
		return "", fmt.Errorf("has %d bytes: at most %d", len(t.source), mostSource)
	}
	if t.process == nil {
		p, err := start()
		if err != nil {
			return "", fmt.Errorf("child process: %w", err)
		}
		t.process = p
	}
	answer, err := t.process.ask(request{Source: t.source, Input: in, Marks: marks})
	if err != nil {
		t.process, t.failed = nil, err // the process has ended
		return "", err
	}
	if answer.Fault != "" {
		return "", errors.New(answer.Fault)
	}
	return answer.Text, nil
}

// RenderTrained applies the template to a whole conversation, without the beginning of a
// further answer. trained are the parts between its generation marks, in bytes: what a
// trainer that reads them trains. They are nil if the template has no marks.
func (t *Template) RenderTrained(in Input) (text string, trained []ner.Range, err error) {
	marked, err := t.render(in, true)
	if err != nil {
		return "", nil, err
	}
	var b strings.Builder
	for i, part := range strings.Split(marked, generationBegin) {
		if i > 0 {
			var answer string
			if answer, part, _ = strings.Cut(part, generationEnd); answer != "" {
				trained = append(trained, ner.Range{Start: b.Len(), End: b.Len() + len(answer)})
			}
			b.WriteString(answer)
		}
		b.WriteString(part)
	}
	return b.String(), trained, nil
}

// Close ends the process of the template.
func (t *Template) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.process != nil {
		t.process.end()
		t.process = nil
	}
}

// request and reply are the messages of the two processes, in gob: it keeps text that is
// not UTF-8.
type (
	request struct {
		Source string
		Input  Input
		Marks  bool // write marks around what is trained, and no beginning of an answer
	}
	reply struct{ Text, Fault string }
)

// process is a child process.
type process struct {
	command *exec.Cmd
	in      io.WriteCloser
	encoder *gob.Encoder
	decoder *gob.Decoder
	said    *head // its standard error
}

// start starts a child process and waits until it is ready.
func start() (*process, error) {
	if os.Getenv(variable) != "" {
		return nil, errors.New("it starts no other one: the main function must call chattemplate.Serve")
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{command: exec.Command(program), said: &head{}}
	p.command.Args[0] = os.Args[0]
	// Nothing of the environment is needed, and it may contain keys. Two processors: one
	// watches while the other one computes.
	p.command.Env = []string{variable + "=1", "GOMAXPROCS=2", "GOTRACEBACK=none"}
	p.command.Stderr = p.said
	if p.in, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	p.encoder, p.decoder = gob.NewEncoder(p.in), gob.NewDecoder(out)
	var hello string
	if timely, err := within(startTime, func() error { return p.decoder.Decode(&hello) }, p.kill); !timely || err != nil || hello != ready {
		p.kill()
		_ = p.command.Wait() // it was killed
		return nil, errors.New("it does not start")
	}
	return p, nil
}

// within runs f. After the time, it calls stop, which ends f, and returns false.
func within(limit time.Duration, f func() error, stop func()) (timely bool, err error) {
	done := parallel.Go(f)
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-done:
		return true, err
	case <-timer.C:
		stop()
		return false, <-done
	}
}

// ask sends a request. An error means that the template exceeded a limit; then the
// process has ended.
func (p *process) ask(q request) (answer reply, err error) {
	timely, err := within(mostWait, func() error {
		if err := p.encoder.Encode(q); err != nil {
			return err
		}
		return p.decoder.Decode(&answer)
	}, p.kill)
	if timely && err == nil {
		return answer, nil
	}
	p.kill()
	_ = p.command.Wait() // the state says it all
	switch state := p.command.ProcessState; {
	case !timely:
		return reply{}, fmt.Errorf("stopped: no result within %s", mostWait)
	case state.ExitCode() == exitTime:
		return reply{}, fmt.Errorf("stopped: it runs for more than %s", mostTime)
	case state.ExitCode() == exitMemory || bytes.Contains(p.said.text, []byte("out of memory")):
		return reply{}, fmt.Errorf("stopped: it needs more than %d MiB of memory", mostMemory>>20)
	case bytes.Contains(p.said.text, []byte("stack overflow")):
		return reply{}, errors.New("stopped: it calls itself, or is nested, too deep")
	default:
		return reply{}, fmt.Errorf("stopped: its process ended (%s)", state)
	}
}

func (p *process) kill() { _ = p.command.Process.Kill() } // fails only if it has ended

func (p *process) end() {
	_ = p.in.Close() // the process ends at the end of its input
	p.kill()
	_ = p.command.Wait() // it was killed
}

// head keeps the first bytes that are written to it.
type head struct{ text []byte }

// Write implements [io.Writer].
func (h *head) Write(b []byte) (int, error) {
	h.text = append(h.text, b[:min(len(b), 4096-len(h.text))]...)
	return len(b), nil
}

// oneLine is a message of a template, as one line that is not too long.
func oneLine(message string) string {
	line := strings.Join(strings.Fields(strings.ToValidUTF8(message[:min(len(message), mostReason)], "")), " ")
	if len(message) > mostReason {
		line += fmt.Sprintf("… (%d bytes)", len(message))
	}
	return line
}
