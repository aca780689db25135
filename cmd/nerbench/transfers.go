package main

import (
	"path/filepath"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"nerbench/datasets/fetch"
)

// transfers tells how far downloads are: a bar for each file on a terminal, plain
// lines elsewhere, nothing with --quiet or --json.
type transfers struct {
	env  *environment
	bars *mpb.Progress // nil where there is no terminal

	mu    sync.Mutex
	of    map[string]*mpb.Bar
	shown map[string]time.Time
}

func (env *environment) newTransfers() *transfers {
	t := &transfers{env: env, of: map[string]*mpb.Bar{}, shown: map[string]time.Time{}}
	if !env.quiet && !env.json && isTerminal(env.stderr) {
		t.bars = mpb.New(mpb.WithOutput(env.stderr), mpb.WithWidth(40))
	}
	return t
}

// tell is called as a file arrives.
func (t *transfers) tell(f fetch.File, here, of int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	name := filepath.Base(f.To)
	switch {
	case t.env.quiet || t.env.json:
	case t.bars != nil:
		bar, ok := t.of[f.To]
		if !ok {
			bar = t.bars.AddBar(of,
				mpb.PrependDecorators(decor.Name(name, decor.WCSyncSpaceR), decor.CountersKibiByte("% .1f / % .1f", decor.WCSyncSpace)),
				mpb.AppendDecorators(decor.AverageSpeed(decor.SizeB1024(0), "% .1f"), decor.Name(" "), decor.AverageETA(decor.ET_STYLE_GO)))
			t.of[f.To] = bar
		}
		bar.SetCurrent(here)
	case time.Since(t.shown[f.To]) >= every:
		t.shown[f.To] = time.Now()
		if of > 0 {
			t.env.note("%s: %.1f of %.1f MiB", name, mebibytes(here), mebibytes(of))
		} else {
			t.env.note("%s: %.1f MiB", name, mebibytes(here))
		}
	}
}

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }

// close ends the bars.
func (t *transfers) close() {
	if t.bars == nil {
		return
	}
	for _, bar := range t.of {
		bar.Abort(false)
	}
	t.bars.Wait()
}
