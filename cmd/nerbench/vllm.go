package main

import (
	"context"
	"errors"
	"fmt"
	"nerbench/runners"
	"nerbench/runners/open"
	"nerbench/runners/vllm"

	"github.com/urfave/cli/v2"
)

// apiKeyFlag names a file with the key of a server.
func apiKeyFlag() cli.Flag {
	return &cli.StringFlag{Name: "api-key-file", Usage: "`FILE` with the API key of the server (default: OPENAI_API_KEY)"}
}

// examineVLLM looks for a server at OPENAI_BASE_URL, or at the default address.
func examineVLLM(env *environment, ctx context.Context) finding {
	address := env.variable("OPENAI_BASE_URL")
	if address == "" {
		address = vllm.DefaultServer
	}
	key, err := open.APIKey(env.keyFile(false), env.getenv)
	if err != nil {
		return found(broken, err)
	}
	limited, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	status, err := vllm.Look(limited, address, key)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return found(broken, fmt.Errorf("vllm: %s: no answer in %s", status.Address, lookFor))
	case errors.Is(err, runners.ErrTemporary):
		return found(absent, err)
	case err != nil:
		return found(broken, err)
	}
	f := finding{State: fine, Detail: map[string]any{"address": status.Address, "kind": status.Kind, "version": status.Version, "models": status.Models}}
	f.Text = fmt.Sprintf("%s %s at %s, %d models", status.Kind, printable(status.Version), status.Address, len(status.Models))
	for i, m := range status.Models {
		f.Text += []string{": ", ", "}[min(i, 1)] + printable(m.Name)
	}
	return f
}
