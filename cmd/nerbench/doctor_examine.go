package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"nerbench/harness"
	"nerbench/loaders"
	"nerbench/ner"
	"nerbench/results"
	"nerbench/runners"
	"nerbench/runners/ollama"
	"nerbench/runners/tagger"
)

func examineProgram(*environment, context.Context) finding {
	return finding{
		State: fine,
		Text:  fmt.Sprintf("nerbench %s, %s, %s/%s, %d processors", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0)),
	}
}

// examineConfig says where each setting comes from.
func examineConfig(env *environment, _ context.Context) finding {
	settings := append(slices.Clone(env.settings), env.endpoints()...)
	f := finding{State: fine, Text: env.config.Path, Detail: map[string]any{"file": env.config.Path, "settings": settings}}
	if f.Text == "" {
		f.State, f.Text = absent, "no configuration file (docs/config.md)"
	}
	for _, s := range settings {
		value := s.Value
		if value == "" {
			value = "none"
		}
		f.Lines = append(f.Lines, fmt.Sprintf("%s: %s (%s)", s.Name, printable(value), s.origin()))
	}
	return f
}

func examineStore(env *environment, ctx context.Context) finding {
	store, err := env.bench.ReadStore(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return examineNoStore(env, err)
	case errors.Is(err, results.ErrOlder):
		return found(fine, err)
	case err != nil:
		return found(broken, err)
	}
	defer store.Close()
	runs, err := store.Runs(ctx, nil)
	if err != nil {
		return found(broken, err)
	}
	complete, queries := 0, 0
	for _, r := range runs {
		queries += r.Queries
		if r.State == results.Complete {
			complete++
		}
	}
	f := finding{State: fine, Detail: map[string]any{"path": env.bench.Store, "runs": len(runs), "complete": complete, "queries": queries}}
	f.Text = fmt.Sprintf("%s: %d runs, %d of them complete, %d answered queries", env.bench.Store, len(runs), complete, queries)
	// Opening it for writing proves that it can be written, and changes nothing:
	// its schema is the current one.
	writable, err := env.bench.OpenStore(ctx)
	if errors.Is(err, results.ErrReadOnly) || errors.Is(err, results.ErrLocked) {
		f.Text += fmt.Sprintf("; it can only be read: %v", err)
		return f
	}
	if err != nil {
		return found(broken, err)
	}
	if err := writable.Close(); err != nil {
		return found(broken, err)
	}
	return f
}

// examineNoStore says whether a store could be made.
func examineNoStore(env *environment, err error) finding {
	folder := filepath.Dir(env.bench.Store)
	if _, err := os.Stat(folder); err != nil {
		return found(broken, fmt.Errorf("store: %s: its folder: %w", env.bench.Store, errors.Unwrap(err)))
	}
	return found(absent, err)
}

func examineData(env *environment, ctx context.Context) finding {
	ds, err := env.bench.AllDatasets() // a bad file of the user's own is broken
	if err != nil {
		return found(broken, err)
	}
	if _, err := os.Stat(env.bench.Data); err != nil {
		return finding{
			State: absent, Text: fmt.Sprintf("%s: %v", env.bench.Data, errors.Unwrap(err)),
			Hint: "name the folder of native files with --data, or fill it with nerbench datasets import",
		}
	}
	ready, reasons := []string{}, map[string][]string{}
	for _, dataset := range ds {
		if why := env.bench.Absence(ctx, dataset); why != "" {
			reasons[why] = append(reasons[why], dataset.ID)
		} else {
			ready = append(ready, dataset.ID)
		}
	}
	f := finding{State: fine, Detail: map[string]any{"path": env.bench.Data, "ready": ready, "absent": reasons, "total": len(ds)}}
	f.Text = fmt.Sprintf("%s: %d of %d datasets are ready", env.bench.Data, len(ready), len(ds))
	for _, why := range slices.Sorted(maps.Keys(reasons)) {
		f.Text += fmt.Sprintf("; %s: %d", why, len(reasons[why]))
	}
	if len(ready) == 0 {
		f.State = absent
	}
	if len(ready) < len(ds) {
		f.Hint = "nerbench datasets list says it dataset by dataset"
	}
	return f
}

// lookFor is how long doctor waits for a server.
const lookFor = 5 * time.Second

func examineOllama(env *environment, ctx context.Context) finding {
	host := env.variable("OLLAMA_HOST")
	if _, err := ollama.ParseHost(host); err != nil {
		return found(broken, err)
	}
	limited, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	status, err := ollama.Look(limited, host)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return found(broken, fmt.Errorf("ollama: %s: no answer in %s", status.Address, lookFor))
	case errors.Is(err, runners.ErrTemporary):
		return found(absent, err)
	case err != nil:
		return found(broken, err)
	}
	names := []string{}
	for _, m := range status.Models {
		names = append(names, m.Name)
	}
	f := finding{State: fine, Detail: map[string]any{"address": status.Address, "version": status.Version, "models": names}}
	f.Text = fmt.Sprintf("version %s at %s, %d models", printable(status.Version), status.Address, len(names))
	if len(names) == 0 {
		f.Hint = "ollama pull NAME gets one"
	}
	for i, name := range names {
		f.Text += []string{": ", ", "}[min(i, 1)] + printable(name)
	}
	return f
}

// examineTagger trains the tagger on the embedded sample and lets it answer.
func examineTagger(env *environment, ctx context.Context) finding {
	const domain = "finance"
	dataset, err := harness.SampleDataset(domain)
	if err != nil {
		return found(broken, err)
	}
	docs, err := env.bench.Documents(ctx, dataset, loaders.Options{Split: ner.Train})
	if err != nil {
		return found(broken, err)
	}
	start := time.Now()
	t, err := tagger.Train(ctx, docs, dataset.Types(), tagger.Config{})
	if err != nil {
		return found(broken, err)
	}
	passages, spans := 0, 0
	for d, err := range docs {
		if err != nil {
			return found(broken, err)
		}
		passages++
		spans += len(t.Tag(d))
	}
	if spans == 0 {
		return found(broken, errors.New("finds nothing in what it has learnt"))
	}
	return finding{State: fine, Text: fmt.Sprintf("learnt %d invented passages in %d ms", passages, time.Since(start).Milliseconds())}
}

// examineDisk says how much room there is for answers and data.
func examineDisk(env *environment, _ context.Context) finding {
	f := finding{State: fine, Detail: map[string]any{}}
	var parts []string
	for _, of := range []struct{ name, folder string }{{"store", filepath.Dir(env.bench.Store)}, {"data", env.bench.Data}} {
		free, err := freeBytes(nearestFolder(of.folder))
		if err != nil {
			continue // not every system can tell
		}
		f.Detail[of.name+"_free_bytes"] = free
		parts = append(parts, fmt.Sprintf("%.1f GB free for the %s", float64(free)/1e9, of.name))
		if free < leastFree {
			f.State, f.Hint = broken, "make room: a full disk stops a run (what was answered before is kept)"
		}
	}
	if len(parts) == 0 {
		return finding{State: absent, Text: "this system does not tell how much is free"}
	}
	f.Text = strings.Join(parts, ", ")
	return f
}

// leastFree is what a run needs to be begun at all.
const leastFree = 50 << 20

// nearestFolder is the folder, or the nearest above it that is there.
func nearestFolder(path string) string {
	path, err := filepath.Abs(path)
	if err != nil {
		return "."
	}
	for {
		if _, err := os.Stat(path); err == nil || filepath.Dir(path) == path {
			return path
		}
		path = filepath.Dir(path)
	}
}
