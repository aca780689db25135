package main

import (
	"path/filepath"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"nerbench/datasets/acquire"
	"nerbench/internal/terminal"
)

// transfers shows the progress of downloads: a bar for each file on a terminal, lines
// elsewhere, nothing with --quiet or --json.
type transfers struct {
	env  *environment
	bars *mpb.Progress // nil without a terminal

	mu    sync.Mutex
	of    map[string]*mpb.Bar
	shown map[string]time.Time
}

func (env *environment) newTransfers() *transfers {
	t := &transfers{env: env, of: map[string]*mpb.Bar{}, shown: map[string]time.Time{}}
	if !env.quiet && !env.json && isTerminal(behind(env.stderr)) {
		t.bars = mpb.New(mpb.WithOutput(behind(env.stderr)), mpb.WithWidth(40))
	}
	return t
}

// show shows the progress of one file.
func (t *transfers) show(p acquire.Progress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	name := terminal.Line(filepath.Base(p.File.To))
	switch {
	case t.env.quiet || t.env.json:
	case t.bars != nil:
		bar, ok := t.of[p.File.To]
		if !ok {
			bar = t.bars.AddBar(p.Of,
				mpb.PrependDecorators(decor.Name(name, decor.WCSyncSpaceR), decor.CountersKibiByte("% .1f / % .1f", decor.WCSyncSpace)),
				mpb.AppendDecorators(decor.AverageSpeed(decor.SizeB1024(0), "% .1f"), decor.Name(" "), decor.AverageETA(decor.ET_STYLE_GO)))
			t.of[p.File.To] = bar
		}
		bar.SetCurrent(p.Here)
	case time.Since(t.shown[p.File.To]) >= every:
		t.shown[p.File.To] = time.Now()
		if p.Of > 0 {
			t.env.note("%s: %.1f of %.1f MiB", name, mebibytes(p.Here), mebibytes(p.Of))
		} else {
			t.env.note("%s: %.1f MiB", name, mebibytes(p.Here))
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
