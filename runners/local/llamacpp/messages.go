package llamacpp

import (
	"strings"
	"sync"

	"nerbench/runners/local/llamacpp/llama"
)

// messages keeps the last errors that the library wrote: its functions return
// nothing but failure.
type messages struct {
	mu    sync.Mutex
	lines []string
	onGPU string // "5/5 layers"
}

// mostMessages is the number of errors that are kept.
const mostMessages = 16

// write takes a message of the library. It is called from any thread.
func (m *messages) write(level llama.LogLevel, text string) {
	line := strings.TrimSpace(text)
	if line == "" || level != llama.LogLevelError && level != llama.LogLevelInfo {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if level == llama.LogLevelInfo {
		if _, what, ok := strings.Cut(line, "offloaded "); ok {
			m.onGPU, _, _ = strings.Cut(what, " to GPU")
		}
		return
	}
	m.lines = append(m.lines, line)
	if len(m.lines) > mostMessages {
		m.lines = m.lines[1:]
	}
}

// offload returns how many layers of the model that was loaded last are on a GPU,
// such as "5/5 layers"; empty if none is.
func (m *messages) offload() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	what := m.onGPU
	m.onGPU = ""
	if strings.HasPrefix(what, "0/") {
		return ""
	}
	return what
}

// take returns the errors since the last call.
func (m *messages) take() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	lines := m.lines
	m.lines = nil
	return lines
}

// reason is the library's own words for its last failure, the first of them, which
// are the nearest to it, without the names of functions; empty if it said nothing.
func (m *messages) reason() string {
	lines := m.take()
	if len(lines) == 0 {
		return ""
	}
	line := lines[0]
	const mark = "error loading model"
	if i := strings.LastIndex(line, mark); i >= 0 { // "error loading model hyperparameters: WHY"
		if _, why, ok := strings.Cut(line[i:], ": "); ok {
			return why
		}
	}
	if name, rest, ok := strings.Cut(line, ": "); ok && !strings.Contains(name, " ") {
		return rest
	}
	return line
}
