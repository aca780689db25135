package ollama

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/ollama/ollama/api"

	"nerbench/internal/fault"
	"nerbench/internal/httpclient"
	"nerbench/runners"
)

// Kind is the kind of server in the keys of a run.
const Kind = "ollama"

// defaultPatience is the timeout of requests about the server itself.
const defaultPatience = 30 * time.Second

// Status is the version and the models of a server.
type Status struct {
	Address string // URL
	Version string
	Models  []Model
}

// Model is a model on a server.
type Model struct {
	Name         string
	Digest       string // hexadecimal SHA-256 of its manifest: weights, template, parameters
	Bytes        int64
	Quantization string
}

// Look returns the version and the models of a server. host is as in [Config]. If there
// is no server, the error has a [fault.Hint].
func Look(ctx context.Context, host string) (Status, error) {
	base, login, err := ParseHost(host)
	if err != nil {
		return Status{}, err
	}
	r := &Runner{base: base, login: login, secrets: httpclient.Login(login), client: runners.NewClient(1, nil), patience: defaultPatience}
	defer r.Close()
	return r.look(ctx)
}

func (r *Runner) look(ctx context.Context) (Status, error) {
	s := Status{Address: r.base.String()}
	var version struct {
		Version string `json:"version"`
	}
	if err := r.call(ctx, http.MethodGet, "api/version", nil, &version); err != nil {
		return s, err
	}
	var list api.ListResponse
	if err := r.call(ctx, http.MethodGet, "api/tags", nil, &list); err != nil {
		return s, err
	}
	s.Version = version.Version
	for _, m := range list.Models {
		s.Models = append(s.Models, Model{m.Name, m.Digest, m.Size, m.Details.QuantizationLevel})
	}
	return s, nil
}

// Identify returns the identity of the model. Errors about an unknown model wrap
// [runners.ErrFatal], those about a missing server [runners.ErrTemporary]; both have a
// [fault.Hint].
func (r *Runner) Identify(ctx context.Context) (runners.Identity, error) {
	status, err := r.look(ctx)
	if err != nil {
		return runners.Identity{}, err
	}
	show, err := r.show(ctx)
	if err != nil {
		return runners.Identity{}, err
	}
	id := runners.Identity{
		Model: "ollama/" + r.config.Model, Server: Kind, ServerVersion: status.Version,
		Context: contextLength(show.ModelInfo),
	}
	for _, m := range status.Models {
		if sameModel(m.Name, r.config.Model) {
			id.Digest, id.Quantisation = m.Digest, m.Quantization
		}
	}
	return id, nil
}

// Bare reports whether the model has no chat template of its own. In that case the
// server passes the text of a message on unchanged. If the server does not report the
// template, Bare returns false.
func (r *Runner) Bare(ctx context.Context) (bool, error) {
	show, err := r.show(ctx)
	return strings.Join(strings.Fields(show.Template), "") == "{{.Prompt}}", err
}

// blob finds the file of the weights in the description of a model, by the SHA-256 in its
// name. Its path is one of the server's machine.
var blob = regexp.MustCompile(`(?m)^FROM (.*sha256[-:]([0-9a-f]{64}))\s*$`)

// Weights returns the GGUF file of the model on the server's machine, and its SHA-256 in
// hexadecimal. Both are empty if the server does not report them.
func (r *Runner) Weights(ctx context.Context) (file, digest string, err error) {
	show, err := r.show(ctx)
	if m := blob.FindStringSubmatch(show.Modelfile); m != nil {
		return m[1], m[2], err
	}
	return "", "", err
}

// show returns the server's description of the model.
func (r *Runner) show(ctx context.Context) (show api.ShowResponse, err error) {
	if err := r.call(ctx, http.MethodPost, "api/show", api.ShowRequest{Model: r.config.Model}, &show); err != nil {
		return show, fmt.Errorf("ollama: model %s: %w", r.config.Model, err)
	}
	return show, nil
}

// contextLength is the context of the model's training, in tokens; 0: the server does
// not report it.
func contextLength(info map[string]any) int {
	architecture, _ := info["general.architecture"].(string)
	length, _ := info[architecture+".context_length"].(float64)
	return int(length)
}

// sameModel compares two names of models as the server does: registry, folder and tag
// are optional, and case does not matter.
func sameModel(a, b string) bool { return strings.EqualFold(fullName(a), fullName(b)) }

func fullName(name string) string {
	if last := name[strings.LastIndex(name, "/")+1:]; !strings.Contains(last, ":") {
		name += ":latest"
	}
	switch strings.Count(name, "/") {
	case 0:
		return "registry.ollama.ai/library/" + name
	case 1:
		return "registry.ollama.ai/" + name
	}
	return name
}

// call sends a request about the server itself.
func (r *Runner) call(ctx context.Context, method, path string, question, answer any) (err error) {
	defer func() { err = r.secrets.Hide(err) }()
	limited, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	var body io.Reader
	if question != nil {
		b, err := json.Marshal(question)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	request, err := r.request(limited, method, r.base.JoinPath(path).String(), body)
	if err != nil {
		return err
	}
	response, err := r.client.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return r.absent(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(io.LimitReader(response.Body, runners.LargestDescription+1))
	switch {
	case err != nil:
		return r.absent(err)
	case len(b) > runners.LargestDescription:
		return fmt.Errorf("ollama: %s: /%s: %w", r.base, path, runners.ReplyTooLarge(runners.LargestDescription))
	}
	if response.StatusCode != http.StatusOK {
		return r.refused(response, b)
	}
	if err := json.Unmarshal(b, answer); err != nil {
		return fmt.Errorf("ollama: %s: /%s: not an Ollama server: %w", r.base, path, err)
	}
	return nil
}

// absent is the one-line error of a server that cannot be reached.
func (r *Runner) absent(err error) error {
	if moved, ok := errors.AsType[*httpclient.RedirectError](err); ok {
		return redirected(moved)
	}
	why := err
	if op, ok := errors.AsType[*net.OpError](err); ok {
		why = op.Err // without the method, the network and a second copy of the address
	}
	return &fault.Hint{
		Err:    runners.Mark(fmt.Errorf("ollama: no server at %s: %w", r.base, why), runners.ErrTemporary),
		Advice: "start one with \"ollama serve\", or name another in OLLAMA_HOST",
	}
}
