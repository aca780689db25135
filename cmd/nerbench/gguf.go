package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"nerbench/runners"
	"nerbench/runners/local/llamacpp"
)

// llamaFolders are the folders in which llama.cpp is found, the preferred one
// first.
func (env *environment) llamaFolders(named string) ([]string, error) {
	if named == "" {
		named = env.getenv("NERBENCH_LLAMA_LIB")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = "" // then it is not there
	}
	return llamacpp.Find(named, cache)
}

// openGGUF opens a model in a file, with a context that the longest prompt fits
// into.
func openGGUF(ctx context.Context, env *environment, s modelSpec) (*model, error) {
	info, err := llamacpp.Inspect(s.name)
	if err != nil {
		return nil, err
	}
	folders, err := env.llamaFolders(s.local.library)
	if err != nil {
		return nil, err
	}
	config := llamacpp.Config{
		File: s.name, Library: folders[0], Decoding: s.decoding, LongestAnswer: s.longestAnswer,
		GPULayers: s.local.gpuLayers, MainGPU: s.local.mainGPU, Split: s.local.split,
		Threads: s.local.threads, Sequences: s.local.sequences,
	}
	if config.Decoding.Context == 0 {
		config.Decoding.Context = runners.ContextFor(shorter(info.Context, s.madeFor), s.longest, s.longestAnswer)
	}
	r, err := llamacpp.Open(ctx, config)
	if err != nil {
		return nil, err
	}
	connections := s.connections
	if connections == 0 {
		connections = r.Sequences() // a family that asks all types at once has one question a passage
	}
	special, err := r.Special(s.special)
	if err != nil {
		r.Close()
		return nil, err
	}
	s.noteSpecial(special)
	return &model{
		identity: r.Identity(), decoding: config.Decoding, runner: r, special: special, slots: runners.NewFixed(connections), close: r.Close,
		facts:   map[string]string{"device": r.Device(), "decoding": r.Sent(), "batch": strconv.Itoa(r.Sequences()), "special_tokens": special.String()},
		written: func() int64 { return r.Usage().Answers },
		counts: func() map[string]int64 {
			u := r.Usage()
			return map[string]int64{"prompt_tokens": u.Prompts, "prompt_tokens_computed": u.Computed}
		},
	}, nil
}

// examineGGUF says which libraries for models in the process are there, and which
// devices the preferred one sees.
func examineGGUF(env *environment, _ context.Context) finding {
	folders, err := env.llamaFolders("")
	if err != nil {
		return found(absent, err)
	}
	library, err := llamacpp.Load(folders[0])
	if err != nil {
		return found(broken, err)
	}
	devices := library.Devices()
	f := finding{State: fine, Detail: map[string]any{"libraries": folders, "build": llamacpp.Build, "devices": devices}}
	var names []string
	for _, d := range devices {
		names = append(names, fmt.Sprintf("%s %s (%.1f GB)", d.Name, printable(strings.TrimSpace(d.Description)), float64(d.Total)/1e9))
	}
	f.Text = fmt.Sprintf("llama.cpp %s in %s: %s", llamacpp.Build, folders[0], strings.Join(names, ", "))
	if len(folders) > 1 {
		f.Text += "; not used: " + strings.Join(folders[1:], ", ")
	}
	return f
}
