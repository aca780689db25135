package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// session is a session of WebDriver BiDi (https://w3c.github.io/webdriver-bidi). It reads
// events while it waits for answers, and keeps them by tab.
type session struct {
	socket   *websocket.Conn
	id       int
	console  map[string][]string
	requests map[string][]string
}

type object = map[string]any

// message is an answer or an event.
type message struct {
	Type    string
	ID      int
	Result  json.RawMessage
	Error   string // the kind of an error
	Message string // its description
	Method  string
	Params  struct {
		Context string // of requests
		Source  struct{ Context string }
		Text    string
		Request struct{ URL string }
	}
}

func dial(ctx context.Context, address string) (*session, error) {
	socket, _, err := websocket.Dial(ctx, address, nil)
	if err != nil {
		return nil, err
	}
	socket.SetReadLimit(-1) // pictures
	return &session{socket: socket, console: map[string][]string{}, requests: map[string][]string{}}, nil
}

func (s *session) close() { _ = s.socket.CloseNow() }

// call sends a command and returns its result.
func (s *session) call(ctx context.Context, method string, params object) (json.RawMessage, error) {
	s.id++
	if err := wsjson.Write(ctx, s.socket, object{"id": s.id, "method": method, "params": params}); err != nil {
		return nil, err
	}
	for {
		var m message
		if err := wsjson.Read(ctx, s.socket, &m); err != nil {
			return nil, fmt.Errorf("%s: %w", method, err)
		}
		switch {
		case m.Type == "event":
			s.keep(&m)
		case m.ID != s.id: // the answer to a command whose time was up
		case m.Type == "error":
			return nil, fmt.Errorf("%s: %s: %s", method, m.Error, m.Message)
		default:
			return m.Result, nil
		}
	}
}

// result is call, with a place for the result.
func (s *session) result(ctx context.Context, into any, method string, params object) error {
	data, err := s.call(ctx, method, params)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

func (s *session) keep(event *message) {
	switch p := event.Params; event.Method {
	case "log.entryAdded":
		s.console[p.Source.Context] = append(s.console[p.Source.Context], p.Text)
	case "network.beforeRequestSent":
		address, _, _ := strings.Cut(p.Request.URL, "#") // which is not sent
		s.requests[p.Context] = append(s.requests[p.Context], address)
	}
}

// remoteValue is a value of a script.
type remoteValue struct {
	Type  string
	Value json.RawMessage
}

// plain returns the value as [json.Marshal] takes it.
func (v *remoteValue) plain() (any, error) {
	var number float64
	switch v.Type {
	case "undefined", "null":
		return nil, nil
	case "string", "boolean":
		return v.Value, nil
	case "number":
		if json.Unmarshal(v.Value, &number) != nil || math.IsInf(number, 0) { // "NaN" and such
			return nil, nil
		}
		return v.Value, nil
	case "array":
		var items []remoteValue
		if err := json.Unmarshal(v.Value, &items); err != nil {
			return nil, err
		}
		list := make([]any, len(items))
		for i := range items {
			var err error
			if list[i], err = items[i].plain(); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	return nil, fmt.Errorf("the value of a script has the type %s", v.Type)
}
