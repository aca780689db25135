package ollama

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/ollama/ollama/api"

	"nerbench/runners"
)

// Pulling is the progress of the download of a model. Total is 0 if the server does not
// report it.
type Pulling struct {
	Status           string
	Completed, Total int64 // bytes of the current part
}

// Missing reports whether an error of [Runner.Identify] means that the server does not
// have the model.
func Missing(err error) bool {
	status, ok := errors.AsType[*runners.StatusError](err)
	return ok && status.Code == http.StatusNotFound
}

// Pull makes the server download the model. observe is called with the progress. There
// is no timeout. It is an error if the server cannot download the model.
func (r *Runner) Pull(ctx context.Context, observe func(Pulling)) (err error) {
	defer func() { err = r.secrets.Hide(err) }()
	body, err := json.Marshal(api.PullRequest{Model: r.config.Model})
	if err != nil {
		return err
	}
	request, err := r.request(ctx, http.MethodPost, r.base.JoinPath("api/pull").String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := r.client.Do(request)
	if err != nil {
		return fmt.Errorf("ollama: pull %s: %w", r.config.Model, r.absent(err))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20)) // the message of the refusal
		return fmt.Errorf("ollama: pull %s: %w", r.config.Model, r.refused(response, b))
	}
	lines := bufio.NewScanner(response.Body)
	done := false
	for lines.Scan() {
		var line struct {
			Status, Error    string
			Completed, Total int64
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return fmt.Errorf("ollama: pull %s: %w: unexpected JSON: %w", r.config.Model, runners.ErrTemporary, err)
		}
		if line.Error != "" {
			return fmt.Errorf("ollama: pull %s: %w: %s", r.config.Model, runners.ErrFatal, runners.ShortMessage(line.Error))
		}
		done = done || line.Status == "success"
		observe(Pulling{r.secrets.Redact(line.Status), line.Completed, line.Total})
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("ollama: pull %s: %w", r.config.Model, broken(err))
	}
	if !done {
		return fmt.Errorf("ollama: pull %s: %w: the server stopped before the model was complete", r.config.Model, runners.ErrTemporary)
	}
	return nil
}

// Device returns where the model is loaded: "GPU", "CPU", or the share on the GPU.
// Empty: the model is not loaded, or the server does not report it.
func (r *Runner) Device(ctx context.Context) (string, error) {
	var loaded api.ProcessResponse
	if err := r.call(ctx, http.MethodGet, "api/ps", nil, &loaded); err != nil {
		return "", fmt.Errorf("ollama: %w", err)
	}
	for _, m := range loaded.Models {
		switch {
		case !sameModel(m.Name, r.config.Model) || m.Size == 0:
		case m.SizeVRAM == 0:
			return "CPU", nil
		case m.SizeVRAM >= m.Size:
			return "GPU", nil
		default:
			return fmt.Sprintf("%d %% GPU, the rest CPU", 100*m.SizeVRAM/m.Size), nil
		}
	}
	return "", nil
}
