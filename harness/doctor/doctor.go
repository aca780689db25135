// Package doctor checks what works on a machine: the store, the data, the servers,
// the libraries for models in the process, the tagger, the disk. [Doctor.Examine] checks
// everything.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"nerbench/harness"
	"nerbench/internal/fault"
	"nerbench/internal/filesystem"
	"nerbench/internal/terminal"
	"nerbench/loaders"
	"nerbench/ner"
	"nerbench/results"
	"nerbench/runners"
	"nerbench/runners/ollama"
	"nerbench/runners/tagger"
)

// State is the state of one thing.
type State string

// The states.
const (
	OK     State = "ok"
	Absent State = "absent" // not there, which is no fault
	Broken State = "broken"
)

// Finding is the result of one check.
type Finding struct {
	Name   string         `json:"name"`
	State  State          `json:"state"`
	Text   string         `json:"text"`
	Hint   string         `json:"hint,omitempty"`
	Lines  []string       `json:"-"` // below the text
	Detail map[string]any `json:"detail,omitempty"`
}

// Found makes a finding of an error, with its hint.
func Found(state State, err error) Finding {
	f := Finding{State: state, Text: err.Error()}
	f.Hint = harness.StoreAdvice(err)
	if hint, ok := errors.AsType[*fault.Hint](err); ok {
		f.Hint = hint.Advice
	}
	return f
}

// Doctor checks a machine.
type Doctor struct {
	Bench *harness.Bench
	// Getenv reads the environment variables of servers and libraries, such as
	// OLLAMA_HOST.
	Getenv func(string) string
	// KeyFile is the file with the key of an OpenAI-compatible server; empty: the
	// variable OPENAI_API_KEY.
	KeyFile string
	// Version is that of the program.
	Version string
	// Config is the finding about the settings of the program.
	Config Finding
	// Apart is the command that checks one thing in a process of its own, and prints a
	// report with its finding as JSON; nil: everything is checked in this process.
	Apart func(name string) []string
}

// Store reads the whole store, verifies its checksums and counts, and checks that it can
// be written.
func (d *Doctor) Store(ctx context.Context) Finding {
	store, err := d.Bench.ReadStore(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return d.noStore(err)
	case errors.Is(err, results.ErrOlder):
		return Found(OK, err)
	case err != nil:
		return Found(Broken, err)
	}
	defer store.Close()
	health, err := store.Check(ctx)
	if err != nil {
		return Found(Broken, err)
	}
	if !health.OK() {
		return d.damaged(&health)
	}
	runs, err := store.Runs(ctx, nil)
	if err != nil {
		return Found(Broken, err)
	}
	complete, queries := 0, 0
	for _, r := range runs {
		queries += r.Queries
		if r.State == results.Complete {
			complete++
		}
	}
	f := Finding{State: OK, Detail: map[string]any{"path": d.Bench.Store, "runs": len(runs), "complete": complete, "queries": queries}}
	f.Text = fmt.Sprintf("%s: %s, %d of them complete, %d answered queries", d.Bench.Store, ner.Count(len(runs), "run"), complete, queries)
	f.place(d.Bench.Store)
	// Opening it for writing proves that it can be written, and changes nothing:
	// its schema is the current one.
	writable, err := d.Bench.OpenStore(ctx)
	if errors.Is(err, results.ErrReadOnly) || errors.Is(err, results.ErrLocked) {
		f.Text += fmt.Sprintf("; it can only be read: %v", err)
		return f
	}
	if err != nil {
		return Found(Broken, err)
	}
	if err := writable.Close(); err != nil {
		return Found(Broken, err)
	}
	return f
}

// place adds the file system of a store. On a network file system, locks may fail.
func (f *Finding) place(path string) {
	kind := filesystem.Of(path)
	if kind.Name == "" {
		return // not every system can tell
	}
	if f.Detail == nil {
		f.Detail = map[string]any{}
	}
	f.Detail["file_system"], f.Detail["network_file_system"] = kind.Name, kind.Network
	f.Text += ", file system " + kind.Name
	if kind.Network {
		f.Text += " (of the network)"
		if f.Hint != "" {
			return
		}
		f.Hint = "locks may fail on a network file system: put the store on a local disk, and merge (docs/scale.md)"
	}
}

// damaged describes a damaged store, and what can be recovered.
func (d *Doctor) damaged(h *results.Health) Finding {
	f := Finding{State: Broken, Text: fmt.Sprintf("%s: damaged: %s", d.Bench.Store, terminal.Printable(h.Summary()))}
	damage := []string{}
	for _, fault := range h.Structure {
		damage = append(damage, "file: "+terminal.Printable(fault))
	}
	for _, lost := range h.Lost {
		damage = append(damage, "lost: "+terminal.Printable(lost))
	}
	complete, whole := 0, 0
	for _, r := range h.Runs {
		complete, whole = complete+r.Complete, whole+r.Whole
		for _, fault := range r.Faults {
			damage = append(damage, fmt.Sprintf("run %s: %s", r.ID, terminal.Printable(fault)))
		}
	}
	f.Lines = append(slices.Clone(damage), fmt.Sprintf("whole: %s, %s with %d of %d complete passages", ner.Count(h.Answers, "answer"), ner.Count(len(h.Runs), "run"), whole, complete))
	f.Hint = "nerbench store recover --into FILE copies the readable part; keep the damaged file"
	f.Detail = map[string]any{
		"path": d.Bench.Store, "damage": damage, "whole_answers": h.Answers, "damaged_answers": h.Damaged,
		"whole_runs": len(h.Runs), "whole_passages": whole, "recorded_passages": complete,
	}
	f.place(d.Bench.Store)
	return f
}

// noStore reports whether a store could be made.
func (d *Doctor) noStore(err error) Finding {
	folder := filepath.Dir(d.Bench.Store)
	if _, err := os.Stat(folder); err != nil {
		return Found(Broken, fmt.Errorf("store: %s: %w: %w", d.Bench.Store, results.ErrNoFolder, errors.Unwrap(err)))
	}
	f := Found(Absent, err)
	f.place(folder)
	return f
}

// Data counts the datasets whose files are present.
func (d *Doctor) Data(ctx context.Context) Finding {
	ds, err := d.Bench.AllDatasets() // a bad file of the user's own is broken
	if err != nil {
		return Found(Broken, err)
	}
	if d.Bench.Data == "" {
		return Finding{
			State: Absent, Text: "no data folder: the user has no cache folder",
			Hint: "set it with --data DIR or NERBENCH_DATA",
		}
	}
	if _, err := os.Stat(d.Bench.Data); err != nil {
		return Finding{
			State: Absent, Text: fmt.Sprintf("%s: %v", d.Bench.Data, errors.Unwrap(err)),
			Hint: "name the folder of native files with --data, or fill it with nerbench datasets import",
		}
	}
	ready, reasons := []string{}, map[string][]string{}
	for _, dataset := range ds {
		if why := d.Bench.Absence(ctx, dataset); why != "" {
			reasons[why] = append(reasons[why], dataset.ID)
		} else {
			ready = append(ready, dataset.ID)
		}
	}
	f := Finding{State: OK, Detail: map[string]any{"path": d.Bench.Data, "ready": ready, "absent": reasons, "total": len(ds)}}
	f.Text = fmt.Sprintf("%s: %d of %d datasets are ready", d.Bench.Data, len(ready), len(ds))
	for _, why := range slices.Sorted(maps.Keys(reasons)) {
		f.Text += fmt.Sprintf("; %s: %d", why, len(reasons[why]))
	}
	if len(ready) == 0 {
		f.State = Absent
	}
	fetches, imports := d.Bench.Unfinished()
	for _, name := range fetches {
		f.Lines = append(f.Lines, fmt.Sprintf("%s: an unfinished download; the next fetch of the dataset resumes it", terminal.Printable(name)))
	}
	for _, name := range imports {
		f.Lines = append(f.Lines, fmt.Sprintf("%s: of an interrupted import; the next import removes it", terminal.Printable(name)))
	}
	f.Detail["unfinished"] = append(append([]string{}, fetches...), imports...)
	if len(ready) < len(ds) {
		f.Hint = "nerbench datasets list prints the state of each dataset"
	}
	return f
}

// lookFor is how long doctor waits for a server.
const lookFor = 5 * time.Second

// Ollama looks for a server at OLLAMA_HOST, or at the default address.
func (d *Doctor) Ollama(ctx context.Context) Finding {
	host := d.Getenv("OLLAMA_HOST")
	if _, _, err := ollama.ParseHost(host); err != nil {
		return Found(Broken, err)
	}
	limited, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	status, err := ollama.Look(limited, host)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return Found(Broken, fmt.Errorf("ollama: %s: no answer in %s", status.Address, lookFor))
	case errors.Is(err, runners.ErrTemporary):
		return Found(Absent, err)
	case err != nil:
		return Found(Broken, err)
	}
	names := []string{}
	for _, m := range status.Models {
		names = append(names, m.Name)
	}
	f := Finding{State: OK, Detail: map[string]any{"address": status.Address, "version": status.Version, "models": names}}
	f.Text = fmt.Sprintf("version %s at %s, %s", terminal.Printable(status.Version), status.Address, ner.Count(len(names), "model"))
	if len(names) == 0 {
		f.Hint = "ollama pull NAME gets one"
	}
	for i, name := range names {
		f.Text += []string{": ", ", "}[min(i, 1)] + terminal.Printable(name)
	}
	return f
}

// Tagger trains the tagger on the embedded sample and lets it answer.
func (d *Doctor) Tagger(ctx context.Context) Finding {
	const domain = "finance"
	dataset, err := harness.SampleDataset(domain)
	if err != nil {
		return Found(Broken, err)
	}
	docs, err := d.Bench.Documents(ctx, dataset, loaders.Options{Split: ner.Train})
	if err != nil {
		return Found(Broken, err)
	}
	start := time.Now()
	t, err := tagger.Train(ctx, docs, dataset.Types(), tagger.Config{})
	if err != nil {
		return Found(Broken, err)
	}
	passages, spans := 0, 0
	for d, err := range docs {
		if err != nil {
			return Found(Broken, err)
		}
		passages++
		spans += len(t.Tag(d))
	}
	if spans == 0 {
		return Found(Broken, errors.New("finds no entity of its training data"))
	}
	return Finding{State: OK, Text: fmt.Sprintf("trained on %d invented passages in %d ms", passages, time.Since(start).Milliseconds())}
}

// Disk reports the free space for answers and data.
func (d *Doctor) Disk(_ context.Context) Finding {
	f := Finding{State: OK, Detail: map[string]any{}}
	var parts []string
	for _, of := range []struct{ name, folder string }{{"store", filepath.Dir(d.Bench.Store)}, {"data", d.Bench.Data}} {
		if of.folder == "" {
			continue
		}
		free, err := freeBytes(nearestFolder(of.folder))
		if err != nil {
			continue // not every system can tell
		}
		f.Detail[of.name+"_free_bytes"] = free
		parts = append(parts, fmt.Sprintf("%.1f GB free for the %s", float64(free)/1e9, of.name))
		if free < leastFree {
			f.State, f.Hint = Broken, "make room: a full disk stops a run (what was answered before is kept)"
		}
	}
	if len(parts) == 0 {
		return Finding{State: Absent, Text: "this system does not tell how much is free"}
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
