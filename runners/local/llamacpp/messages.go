package llamacpp

import (
	"strings"
	"sync"

	"nerbench/runners/local/llamacpp/llama"
)

// messages keeps the last errors in the log of the library, because its functions do not
// return the reason of a failure.
type messages struct {
	mu    sync.Mutex
	lines []string
	onGPU string // "5/5 layers"
}

// mostMessages is the largest number of stored errors.
const mostMessages = 16

// write handles a message of the library. It is called from any thread.
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

// offload returns the number of layers on a GPU of the last loaded model, such as
// "5/5 layers"; empty: none.
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

// reason is the first error message of the last failure, which is closest to its cause,
// without the names of functions; empty: there was no message.
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
