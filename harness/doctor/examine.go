package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"time"
)

// examinations lists what a doctor checks, in order. What stands apart runs code of
// others, such as the driver of a GPU, which may crash or hang: it is checked in a
// process of its own.
var examinations = []struct {
	name    string
	examine func(*Doctor, context.Context) Finding
	apart   bool
}{
	{"program", (*Doctor).program, false},
	{"config", func(d *Doctor, _ context.Context) Finding { return d.Config }, false},
	{"store", (*Doctor).Store, false},
	{"data", (*Doctor).Data, false},
	{"ollama", (*Doctor).Ollama, false},
	{"vllm", (*Doctor).VLLM, false},
	{"gguf", (*Doctor).GGUF, true},
	{"tagger", (*Doctor).Tagger, false},
	{"disk", (*Doctor).Disk, false},
}

// Names lists the names of what a doctor checks, in order.
func Names() []string {
	names := make([]string, len(examinations))
	for i, e := range examinations {
		names[i] = e.name
	}
	return names
}

// Examine checks everything, or only the one of this name, and calls found with each
// finding. It returns an error only if the context ends.
func (d *Doctor) Examine(ctx context.Context, only string, found func(Finding)) error {
	for _, e := range examinations {
		if only != "" && e.name != only {
			continue
		}
		var f Finding
		if e.apart && only == "" && d.Apart != nil {
			f = examineApart(ctx, d.Apart(e.name))
		} else {
			f = e.examine(d, ctx)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		f.Name = e.name
		found(f)
	}
	return nil
}

func (d *Doctor) program(context.Context) Finding {
	return Finding{
		State: OK,
		Text:  fmt.Sprintf("nerbench %s, %s, %s/%s, %d processors", d.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0)),
	}
}

// apartWait is how long a process of its own may take: drivers need seconds.
const apartWait = 30 * time.Second

// examineApart checks one thing in a process of its own.
func examineApart(ctx context.Context, command []string) Finding {
	ctx, stop := context.WithTimeout(ctx, apartWait)
	defer stop()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	var said bytes.Buffer
	cmd.Stdout = &said
	cmd.WaitDelay = time.Second // a process that a driver started may hold the output open
	err := cmd.Run()
	var report struct{ Findings []Finding }
	if json.Unmarshal(said.Bytes(), &report) == nil && len(report.Findings) == 1 {
		return report.Findings[0]
	}
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("no answer within %s", apartWait)
	case err == nil:
		err = errors.New("no report")
	}
	return Finding{State: Broken, Text: fmt.Sprintf("the check did not finish: %v", err), Hint: "a driver or a library is broken: name another folder of libraries in NERBENCH_LLAMA_LIB"}
}
