package doctor

import (
	"context"
	"errors"
	"fmt"

	"nerbench/internal/terminal"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/open"
	"nerbench/runners/vllm"
)

// VLLM looks for a server at OPENAI_BASE_URL, or at the default address.
func (d *Doctor) VLLM(ctx context.Context) Finding {
	address := d.Getenv("OPENAI_BASE_URL")
	if address == "" {
		address = vllm.DefaultServer
	}
	key, err := open.APIKey(d.KeyFile, d.Getenv)
	if err != nil {
		return Found(Broken, err)
	}
	limited, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	status, err := vllm.Look(limited, address, key)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return Found(Broken, fmt.Errorf("vllm: %s: no answer in %s", status.Address, lookFor))
	case errors.Is(err, runners.ErrTemporary):
		return Found(Absent, err)
	case err != nil:
		return Found(Broken, err)
	}
	f := Finding{State: OK, Detail: map[string]any{"address": status.Address, "kind": status.Kind, "version": status.Version, "models": status.Models}}
	f.Text = fmt.Sprintf("%s %s at %s, %s", status.Kind, terminal.Printable(status.Version), status.Address, ner.Count(len(status.Models), "model"))
	for i, m := range status.Models {
		f.Text += []string{": ", ", "}[min(i, 1)] + terminal.Printable(m.Name)
	}
	return f
}
