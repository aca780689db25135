// Package browser opens pages in a headless Chromium, for tests.
package browser

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"nerbench/internal/reference"
)

// Tab is a tab of a browser. It records the messages and the requests of its pages.
type Tab struct {
	T   testing.TB
	Ctx context.Context // of commands to the tab

	mu       sync.Mutex
	console  []string
	requests []string
}

// The time limits on a busy machine: of the start of a browser, and of all pages of a tab
// together.
const (
	startLimit = 2 * time.Minute
	timeLimit  = 10 * time.Minute
)

// New starts a browser, which ends with the test. Without a Chromium, the test is skipped
// ([reference.Chromium]).
func New(t testing.TB) *Tab {
	t.Helper()
	b := &Tab{T: t}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(reference.Chromium(t)), chromedp.NoSandbox, chromedp.WSURLReadTimeout(startLimit))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b.Ctx, cancel = context.WithTimeout(ctx, timeLimit)
	t.Cleanup(cancel)
	if err := chromedp.Listen(b.Ctx, b.watch); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *Tab) watch(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		b.console = append(b.console, fmt.Sprint(e.Type, e.Args))
	case *runtime.EventExceptionThrown:
		b.console = append(b.console, fmt.Sprint(e.ExceptionDetails))
	case *log.EventEntryAdded:
		b.console = append(b.console, e.Entry.Text)
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	}
}

// Console lists the messages, exceptions and log entries so far.
func (b *Tab) Console() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.console)
}

// Requests lists the addresses that the pages requested so far, refused or not.
func (b *Tab) Requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.requests)
}

// Do does steps such as [chromedp.Navigate]; an error ends the test.
func (b *Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	b.T.Helper()
	if err := chromedp.Do(b.Ctx, steps...); err != nil {
		b.T.Fatal(err)
	}
}

// Evaluate returns the value of a script, or of its promise; an error ends the test.
func Evaluate[V any](b *Tab, script string) V {
	b.T.Helper()
	value, err := chromedp.Run(b.Ctx, chromedp.Evaluate[V](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.T.Fatalf("%.300s: %v", script, err)
	}
	return value
}
