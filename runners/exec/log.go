package exec

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"nerbench/internal/httpclient"
	"nerbench/runners"
)

// The limits of what is shown of the standard error of programs.
const (
	linesAtOnce   = 20          // that are shown at once
	linesEach     = time.Second // after which one more line may be shown
	linesInErrors = 3
	linesKept     = 30
	longestLine   = 2 << 10 // bytes
)

// log shows the standard error of the processes: few lines at once, without secrets.
type log struct {
	show    func(string)
	secrets httpclient.Secrets

	mu    sync.Mutex
	room  int // lines that may be shown now
	grown time.Time
	left  int // lines that were left out
}

func (l *log) line(process, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if grown := int(now.Sub(l.grown) / linesEach); grown > 0 {
		l.room, l.grown = min(l.room+grown, linesAtOnce), now
	}
	if l.room == 0 {
		l.left++
		return
	}
	l.room--
	if l.left > 0 {
		text = fmt.Sprintf("%s (%d lines before it were left out)", text, l.left)
		l.left = 0
	}
	l.show(process + ": " + text)
}

// tail are the last lines that one process wrote to its standard error.
type tail struct {
	mu    sync.Mutex
	lines []string
}

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lines = append(t.lines, line); len(t.lines) > linesKept {
		t.lines = t.lines[1:]
	}
}

// last is what the process said last, in one line. Of a traceback of Python or Go, it is
// the error, without the places.
func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := t.lines
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.HasPrefix(lines[i], "panic: ") || strings.HasPrefix(lines[i], "fatal error: ") {
			lines = lines[i : i+1]
			break
		}
		if !strings.HasPrefix(lines[i], "Traceback ") {
			continue
		}
		for i++; i < len(lines) && strings.HasPrefix(lines[i], " "); i++ {
		}
		if i < len(lines) {
			lines = lines[i:]
		}
		break
	}
	return runners.ShortMessage(strings.Join(lines[max(0, len(lines)-linesInErrors):], " | "))
}

// read reads standard error to its end. Progress bars end their lines with a carriage
// return. A long line is cut.
func (l *log) read(in io.Reader, process string, kept *tail) {
	var line []byte
	end := func() {
		text := strings.TrimRight(l.secrets.Redact(strings.ToValidUTF8(string(line), "\ufffd")), " \t")
		if line = line[:0]; strings.TrimSpace(text) != "" {
			kept.add(text)
			l.line(process, text)
		}
	}
	buffer := make([]byte, 32<<10)
	for {
		n, err := in.Read(buffer)
		for rest := buffer[:n]; len(rest) > 0; {
			at := bytes.IndexAny(rest, "\r\n")
			part := rest
			if at >= 0 {
				part, rest = rest[:at], rest[at+1:]
			} else {
				rest = nil
			}
			line = append(line, part[:min(len(part), longestLine-len(line))]...)
			if at >= 0 {
				end()
			}
		}
		if err != nil {
			end()
			return
		}
	}
}
