// Package browser opens pages in headless browsers, for tests: in Chromium, by the
// DevTools protocol, and in Firefox, by WebDriver BiDi.
package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"
)

// Scheme is the colours that a reader asks for.
type Scheme struct {
	Dark   bool
	Forced bool // a few colours of the reader's own replace those of the page
}

// Schemes are all of them.
var Schemes = []Scheme{{}, {Dark: true}, {Forced: true}, {Forced: true, Dark: true}}

// String is such as "forced dark".
func (s Scheme) String() string {
	name := "light"
	if s.Dark {
		name = "dark"
	}
	if s.Forced {
		name = "forced " + name
	}
	return name
}

// features are the values of the media features prefers-color-scheme and forced-colors.
func (s Scheme) features() (colours, forced string) {
	colours, forced = "light", "none"
	if s.Dark {
		colours = "dark"
	}
	if s.Forced {
		forced = "active"
	}
	return colours, forced
}

// page is a tab, as each kind of browser has it.
type page interface {
	navigate(ctx context.Context, address string) error                 // until it is loaded
	evaluate(ctx context.Context, script string) ([]byte, error)        // JSON, of the value or of its promise
	resize(ctx context.Context, width, height int) error                // pixels
	press(ctx context.Context, keys string) error                       // one after the other
	prefer(ctx context.Context, s Scheme) error                         // until the next call
	disableScripts(ctx context.Context) error                           // of pages that are opened from now on
	screenshot(ctx context.Context, r image.Rectangle) ([]byte, error)  // PNG, of a part of the page
	print(ctx context.Context) ([]byte, error)                          // PDF, of A4 pages
	events(ctx context.Context) (console, requests []string, err error) // all so far
}

// Tab is a tab of a browser.
type Tab struct {
	T    testing.TB
	page page
	ctx  context.Context
}

// The time limits on a busy machine: of the start of a browser, and of all pages of a tab
// together.
const (
	startLimit = 2 * time.Minute
	timeLimit  = 10 * time.Minute
)

// Browser is a browser that runs, with any number of tabs.
type Browser struct {
	Name string // of its kind
	open func(testing.TB, context.Context) (page, error)
}

// Kinds are the kinds of browsers, with their start. It skips the test if there is no such
// browser on this machine ([reference.Chromium], [reference.Firefox]). A browser ends with
// its test.
var Kinds = []struct {
	Name  string
	Start func(testing.TB) *Browser
}{{"chromium", Chromium}, {"firefox", Firefox}}

// Each runs a test in each kind of browser, as subtests of their names.
func Each(t *testing.T, test func(*testing.T, *Browser)) {
	for _, kind := range Kinds {
		t.Run(kind.Name, func(t *testing.T) { test(t, kind.Start(t)) })
	}
}

// Tab opens a tab, which is closed at the end of the test.
func (b *Browser) Tab(t testing.TB) *Tab {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeLimit)
	t.Cleanup(cancel)
	p, err := b.open(t, ctx)
	if err != nil {
		t.Fatal(err)
	}
	return &Tab{t, p, ctx}
}

// must ends the test if there is an error.
func (b *Tab) must(err error) {
	b.T.Helper()
	if err != nil {
		b.T.Fatal(err)
	}
}

// Open opens a page and waits until it is loaded.
func (b *Tab) Open(address string) {
	b.T.Helper()
	b.must(b.page.navigate(b.ctx, address))
}

// Resize gives the window a size, in pixels.
func (b *Tab) Resize(width, height int) {
	b.T.Helper()
	b.must(b.page.resize(b.ctx, width, height))
}

// Press presses keys, one after the other. Tab is "\t", Enter "\r", Escape "\x1b".
func (b *Tab) Press(keys string) {
	b.T.Helper()
	b.must(b.page.press(b.ctx, keys))
}

// Prefer sets the colours that the reader asks for.
func (b *Tab) Prefer(s Scheme) {
	b.T.Helper()
	b.must(b.page.prefer(b.ctx, s))
}

// DisableScripts disables the scripts of the pages that are opened from now on.
// [Evaluate] still works.
func (b *Tab) DisableScripts() {
	b.T.Helper()
	b.must(b.page.disableScripts(b.ctx))
}

// Picture is a part of the page, in its own coordinates, as readers see it.
func (b *Tab) Picture(part image.Rectangle) image.Image {
	b.T.Helper()
	data, err := b.page.screenshot(b.ctx, part)
	b.must(err)
	picture, err := png.Decode(bytes.NewReader(data))
	b.must(err)
	return picture
}

// Print returns the page as PDF, and the number of its sheets.
func (b *Tab) Print() (pdf []byte, sheets int) {
	b.T.Helper()
	pdf, err := b.page.print(b.ctx)
	b.must(err)
	return pdf, sheetsOf(pdf)
}

// Console lists the messages, exceptions and refusals of the pages so far.
func (b *Tab) Console() []string {
	b.T.Helper()
	console, _, err := b.page.events(b.ctx)
	b.must(err)
	return console
}

// Requests lists the addresses that the pages requested so far. Firefox reports no requests
// for files.
func (b *Tab) Requests() []string {
	b.T.Helper()
	_, requests, err := b.page.events(b.ctx)
	b.must(err)
	return requests
}

// Evaluate returns the value of a script, or of its promise; an error ends the test.
func Evaluate[V any](b *Tab, script string) V {
	b.T.Helper()
	value, err := evaluate[V](b, script)
	if err != nil {
		b.T.Fatalf("%.300s: %v", script, err)
	}
	return value
}

func evaluate[V any](b *Tab, script string) (value V, err error) {
	data, err := b.page.evaluate(b.ctx, script)
	if err == nil {
		err = json.Unmarshal(data, &value)
	}
	return value, err
}

// Wait waits until a script has a value with this text, also across pages.
func (b *Tab) Wait(script, want string) {
	b.T.Helper()
	got := ""
	for range 2000 {
		var err error
		if got, err = evaluate[string](b, "String("+script+")"); err != nil {
			if b.ctx.Err() != nil {
				b.T.Fatalf("%s: %v", script, err)
			}
			got = err.Error() // the tab goes to another page
		}
		if got == want {
			return
		}
		time.Sleep(30 * time.Millisecond)
	}
	text, _ := evaluate[string](b, "document.body.innerText.slice(0, 600)")
	b.T.Fatalf("%s is %q, want %q; console: %s; the page: %s", script, got, want, strings.Join(b.Console(), "\n"), text)
}
