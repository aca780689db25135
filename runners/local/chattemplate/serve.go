package chattemplate

import (
	"encoding/gob"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"syscall"
	"time"

	"nerbench/internal/parallel"
	"nerbench/internal/processor"

	"github.com/ardanlabs/jinja"
)

const (
	// variable of the environment that marks a child process.
	variable = "NERBENCH_CHAT_TEMPLATE_CHILD"
	// ready is the first message of a child process.
	ready = "ready for chat templates"
	// The exit codes of a child process for a template that exceeds a limit.
	exitMemory, exitTime = 10, 11
)

// Serve applies templates for the parent process, and returns true when that process
// ends; then the main function ends, too. It returns false in a process that is not such
// a child.
func Serve() bool {
	if os.Getenv(variable) == "" {
		return false
	}
	// A signal to the group of processes is for the parent, which ends this one.
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	debug.SetMaxStack(mostStack)
	debug.SetMemoryLimit(mostMemory / 2) // collect garbage more often; this refuses nothing
	serve(os.Stdin, os.Stdout)
	return true
}

// serve answers requests until the input ends.
func serve(in io.Reader, out io.Writer) {
	decoder, encoder := gob.NewDecoder(in), gob.NewEncoder(out)
	if encoder.Encode(ready) != nil {
		return
	}
	var last string
	var template *jinja.Template
	for {
		var q request
		if decoder.Decode(&q) != nil {
			return
		}
		done := make(chan struct{})
		watched := parallel.Go(func() error { watch(done); return nil })
		answer := apply(&template, last, q)
		close(done)
		if <-watched != nil {
			return // without a watch, no template runs
		}
		last = q.Source
		if encoder.Encode(answer) != nil {
			return
		}
	}
}

// watch ends the process if a template needs too much time or memory. The time is that of
// processors, so that a busy machine stops no good template. Where it is unknown, only the wait of the
// parent is limited.
func watch(done chan struct{}) {
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	begin := processor.Time()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
			if processor.Time()-begin > mostTime {
				os.Exit(exitTime)
			}
			if allocated() > mostMemory {
				if runtime.GC(); allocated() > mostMemory {
					os.Exit(exitMemory)
				}
			}
		}
	}
}

// allocated is the size of all values, in bytes.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// apply applies a template, which it compiles if the last source was another one.
func apply(template **jinja.Template, last string, q request) (answer reply) {
	defer func() {
		if reason := recover(); reason != nil { // the library panics at some values
			answer = reply{Fault: oneLine(fmt.Sprint("cannot be applied: ", reason))}
		}
	}()
	if *template == nil || last != q.Source {
		*template = nil
		t, err := jinja.Compile(withMarks(q.Source))
		if err != nil {
			return reply{Fault: oneLine(err.Error())}
		}
		*template = t
	}
	turns := make([]any, len(q.Input.Messages))
	for i, m := range q.Input.Messages {
		turns[i] = map[string]any{"role": m.Role, "content": m.Content}
	}
	values := map[string]any{
		"messages": turns, "add_generation_prompt": !q.Marks, "enable_thinking": q.Input.Think,
		"bos_token": q.Input.BOS, "eos_token": q.Input.EOS, "generation_begin": "", "generation_end": "",
	}
	if q.Marks {
		values["generation_begin"], values["generation_end"] = generationBegin, generationEnd
	}
	text, err := (*template).Render(values)
	switch {
	case err != nil:
		return reply{Fault: oneLine(err.Error())}
	case len(text) > mostText:
		return reply{Fault: fmt.Sprintf("writes %d bytes: at most %d", len(text), mostText)}
	}
	return reply{Text: text}
}
