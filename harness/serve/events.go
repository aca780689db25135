package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// The pace of events.
const (
	eventPause = 500 * time.Millisecond // at most twice a second
	keepAlive  = 15 * time.Second       // between two lines of a quiet stream
	mostStream = 64                     // streams at once
)

// events sends the state of the runs that are being made to everybody who listens. The
// store is only read while somebody does.
type events struct {
	source Source
	wake   chan struct{} // somebody began to listen

	mu        sync.Mutex
	last      []byte
	listeners map[chan []byte]bool
}

func newEvents(source Source) *events {
	return &events{source: source, wake: make(chan struct{}, 1), listeners: map[chan []byte]bool{}}
}

// run reads the state until the context ends.
func (e *events) run(ctx context.Context) {
	for {
		for e.count() == 0 {
			select {
			case <-ctx.Done():
				return
			case <-e.wake:
			}
		}
		e.send(e.read(ctx))
		select {
		case <-ctx.Done():
			return
		case <-time.After(eventPause):
		}
	}
}

// read returns the state as JSON.
func (e *events) read(ctx context.Context) []byte {
	runs, err := e.source.Running(ctx)
	message := map[string]any{"runs": runs}
	if err != nil {
		message = map[string]any{"error": err.Error()}
	}
	text, err := json.Marshal(message)
	if err != nil { // a ratio that is not finite, which no run has
		text = []byte(`{"error":"the state of the runs cannot be written"}`)
	}
	return text
}

func (e *events) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.listeners)
}

// send gives a new state to all listeners. Who is slow gets the newest state only.
func (e *events) send(state []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if bytes.Equal(state, e.last) {
		return
	}
	e.last = state
	for c := range e.listeners {
		select {
		case <-c:
		default:
		}
		c <- state
	}
}

// listen adds a listener, who gets the last state at once; nil: there are too many.
func (e *events) listen() chan []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.listeners) == mostStream {
		return nil
	}
	c := make(chan []byte, 1)
	if e.last != nil {
		c <- e.last
	}
	e.listeners[c] = true
	select {
	case e.wake <- struct{}{}:
	default:
	}
	return c
}

func (e *events) leave(c chan []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.listeners, c)
}

// ServeHTTP sends events until the client or the server ends.
func (e *events) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/event-stream")
	if r.Method == http.MethodHead {
		return
	}
	c := e.listen()
	if c == nil {
		http.Error(w, "too many listeners", http.StatusServiceUnavailable)
		return
	}
	defer e.leave(c)
	control := http.NewResponseController(w)
	quiet := time.NewTicker(keepAlive)
	defer quiet.Stop()
	text := []byte(": the runs that are being made\n\n")
	for {
		_ = control.SetWriteDeadline(time.Now().Add(eventTime))
		if _, err := w.Write(text); err != nil || control.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case state := <-c:
			text = append(append([]byte("event: runs\ndata: "), state...), "\n\n"...)
		case <-quiet.C:
			text = []byte(":\n\n")
		}
	}
}

// newMux joins the pages and the events.
func newMux(pages, events http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/events" {
			events.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
}
