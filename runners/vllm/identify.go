package vllm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"nerbench/internal/fault"
	"nerbench/internal/parallel"
	"nerbench/runners"
)

// The kinds of servers in the keys of a run.
const (
	Kind  = "vllm"
	Other = "openai-compatible"
)

// said is a server's description of itself and of the model.
type said struct {
	kind, version string
	root          string // the name of the weights on the server
	context       int    // in tokens; 0: not reported
}

// listed is a model of a server in the list of /v1/models.
type listed struct {
	ID          string `json:"id"`
	OwnedBy     string `json:"owned_by"`
	Root        string `json:"root"`
	MaxModelLen int    `json:"max_model_len"`
}

func names(list []listed) []string {
	var names []string
	for _, m := range list {
		names = append(names, strconv.Quote(m.ID))
	}
	if len(names) == 0 {
		return []string{"no model"}
	}
	return names
}

// models lists the models of a server.
func (r *Runner) models(ctx context.Context, s *server) ([]listed, error) {
	var answer struct {
		Data []listed `json:"data"`
	}
	if err := r.get(ctx, s, "v1/models", &answer); err != nil {
		return nil, err
	}
	return answer.Data, nil
}

// version returns the version of a server; "" if it does not report one.
func (r *Runner) version(ctx context.Context, s *server) (string, error) {
	var answer struct {
		Version string `json:"version"`
	}
	err := r.get(ctx, s, "version", &answer)
	if _, refused := errors.AsType[*runners.StatusError](err); refused && !errors.Is(err, runners.ErrTemporary) || errors.Is(err, runners.ErrMisread) {
		return "", nil
	}
	return answer.Version, err
}

// introduce returns the description of a server and of the model on it.
func (r *Runner) introduce(ctx context.Context, s *server) (said, error) {
	list, err := r.models(ctx, s)
	if status, answered := errors.AsType[*runners.StatusError](err); answered && r.config.AnyName && (status.Code == http.StatusNotFound || status.Code == http.StatusMethodNotAllowed) {
		list, err = nil, nil // the server has no list
	}
	if err != nil {
		return said{}, err
	}
	i := slices.IndexFunc(list, func(m listed) bool { return m.ID == r.config.Model })
	if i < 0 && r.config.AnyName {
		version, err := r.version(ctx, s)
		return said{kind: Other, version: version}, err
	}
	if i < 0 {
		return said{}, &fault.Hint{
			Err:    fmt.Errorf("%w: %w: %s has no model %q", runners.ErrFatal, errServer, s.name, r.config.Model),
			Advice: r.secrets.Redact("the server has: " + strings.Join(names(list), ", ")),
		}
	}
	out := said{kind: Other, root: list[i].Root, context: list[i].MaxModelLen}
	if list[i].OwnedBy == "vllm" {
		out.kind = Kind
	}
	out.version, err = r.version(ctx, s)
	return out, err
}

// agreed is the description of the first server. Those of the others must be equal.
type agreed struct {
	mu   sync.Mutex
	said *said
	by   string
}

// differs returns an error if the description of a server differs from that of the first.
func (a *agreed) differs(s *server, got said) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.said == nil {
		a.said, a.by = &got, s.name
		return nil
	}
	if *a.said == got {
		return nil
	}
	return fmt.Errorf("%w: %w: %s serves another model: %s; that of %s is %s", runners.ErrFatal, errServer, s.name, got, a.by, *a.said)
}

func (s said) String() string {
	text := s.kind
	if s.version != "" {
		text += " " + s.version
	}
	return fmt.Sprintf("%s, root %q, context %d", text, s.root, s.context)
}

// verify checks that a server still has the agreed model. It sends a request only if
// there are new connections since the last check, because a restarted server may have
// another model with the same name.
func (r *Runner) verify(ctx context.Context, s *server) error {
	if s.vouchedFor(s.dials.Load()) {
		return nil
	}
	return s.alone(ctx, func() error {
		dials := s.dials.Load()
		if s.vouchedFor(dials) {
			return nil
		}
		got, err := r.introduce(ctx, s)
		if err != nil {
			return err
		}
		if err := r.agreed.differs(s, got); err != nil {
			return err
		}
		s.mu.Lock()
		s.said, s.verified = &got, dials
		s.mu.Unlock()
		return nil
	})
}

func (s *server) vouchedFor(dials int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said != nil && s.verified >= dials
}

// vouch is verify after an answer. It retries after a failure, because the answer would
// be lost otherwise.
func (r *Runner) vouch(ctx context.Context, s *server) error {
	return runners.Persist(ctx, runners.Policy{Attempts: 6, First: s.firstRest / 10, Longest: longestRest}, func() error {
		return r.verify(ctx, s)
	})
}

// Identify returns the identity of the model on the servers. Servers that cannot be
// reached are reported and tried again later. It is an error if no server can be
// reached, or if two servers have different models. Errors about an unknown model wrap
// [runners.ErrFatal], those about a missing server [runners.ErrTemporary]; both have a
// [fault.Hint].
func (r *Runner) Identify(ctx context.Context) (runners.Identity, error) {
	faults := make([]error, len(r.pool.servers))
	var group parallel.Group
	for i, s := range r.pool.servers {
		group.Go(func() { faults[i] = parallel.Guard(func() error { return r.verify(ctx, s) }) })
	}
	group.Wait()
	there := false
	for i, s := range r.pool.servers {
		switch err := faults[i]; {
		case err == nil:
			there = true
		case ctx.Err() != nil:
			return runners.Identity{}, ctx.Err()
		case !errors.Is(err, runners.ErrTemporary) || errors.Is(err, runners.ErrFatal):
			return runners.Identity{}, fmt.Errorf("%s: %w", r.config.Prefix, err)
		default:
			r.failed(s, err)
		}
	}
	if !there {
		return runners.Identity{}, r.absent(faults[0])
	}
	all := r.agreed.said
	return runners.Identity{
		Model: r.config.Prefix + "/" + r.config.Model, Server: all.kind, ServerVersion: all.version, Context: all.context,
		Address: r.addresses(), Root: all.root,
	}, nil
}

// addresses are the addresses of all servers, in a fixed order.
func (r *Runner) addresses() string {
	var all []string
	for _, s := range r.pool.servers {
		all = append(all, s.name)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

// Status is a server's description of itself.
type Status struct {
	Address string
	Kind    string
	Version string
	Models  []Model
}

// Model is a model on a server.
type Model struct {
	Name    string
	Root    string // the name of the weights on the server
	Context int    // in tokens; 0: not reported
}

// Look returns the version and the models of a server. If there is no server, the error
// has a [fault.Hint].
func Look(ctx context.Context, address, key string) (Status, error) {
	r, err := New(Config{Servers: []string{address}, Model: "any", Key: key, Connections: 1})
	if err != nil {
		return Status{}, err
	}
	defer r.Close()
	s := r.pool.servers[0]
	status := Status{Address: s.name, Kind: Other}
	list, err := r.models(ctx, s)
	if _, answered := errors.AsType[*runners.StatusError](err); err != nil && !answered && errors.Is(err, runners.ErrTemporary) {
		return status, r.absent(err)
	}
	if err != nil {
		return status, fmt.Errorf("vllm: %w", err)
	}
	for _, m := range list {
		if m.OwnedBy == Kind {
			status.Kind = Kind
		}
		status.Models = append(status.Models, Model{m.ID, m.Root, m.MaxModelLen})
	}
	status.Version, err = r.version(ctx, s)
	return status, err
}

// isOllama reports whether a server is an Ollama server. Ollama applies the chat template
// of the model to completion prompts.
func (r *Runner) isOllama(ctx context.Context, s *server) (bool, error) {
	var answer struct {
		Version string `json:"version"`
	}
	err := r.get(ctx, s, "api/version", &answer)
	if _, refused := errors.AsType[*runners.StatusError](err); refused && !errors.Is(err, runners.ErrTemporary) || errors.Is(err, runners.ErrMisread) {
		return false, nil
	}
	return answer.Version != "", err
}
