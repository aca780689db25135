package browser

import (
	"context"
	"encoding/json"
	"image"
	"slices"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"nerbench/internal/reference"
)

// Chromium starts Chromium.
func Chromium(t testing.TB) *Browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(reference.Chromium(t)), chromedp.NoSandbox, chromedp.WSURLReadTimeout(startLimit))
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	browser, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(browser); err != nil {
		t.Fatal(err)
	}
	return &Browser{"chromium", func(t testing.TB, _ context.Context) (page, error) {
		p := &chromiumPage{}
		tab, cancel := chromedp.NewContext(browser)
		t.Cleanup(cancel)
		p.tab = tab
		return p, chromedp.Listen(tab, p.watch)
	}}
}

// chromiumPage is a tab of Chromium.
type chromiumPage struct {
	tab context.Context // of commands to the tab

	mu       sync.Mutex
	console  []string
	requests []string
}

func (p *chromiumPage) watch(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		text := string(e.Type)
		for _, a := range e.Args {
			text += " " + a.Description + string(a.Value)
		}
		p.console = append(p.console, text)
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		p.console = append(p.console, text)
	case *log.EventEntryAdded:
		p.console = append(p.console, e.Entry.Text)
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
	}
}

func (p *chromiumPage) events(context.Context) (console, requests []string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.console), slices.Clone(p.requests), nil
}

// within returns the context of the tab with the end of another one.
func (p *chromiumPage) within(ctx context.Context) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(p.tab)
	}
	return context.WithDeadline(p.tab, end)
}

// do does a step such as [chromedp.Navigate].
func do[V any](ctx context.Context, p *chromiumPage, step chromedp.Action[V]) (V, error) {
	ctx, cancel := p.within(ctx)
	defer cancel()
	return chromedp.Run(ctx, step)
}

// call sends a command of the protocol.
func call[P, R any](ctx context.Context, p *chromiumPage, command cdp.Command[P, R], params P) (R, error) {
	return do(ctx, p, func(ctx context.Context, target *chromedp.Target) (R, error) {
		return cdp.Call(ctx, target, command, params)
	})
}

func (p *chromiumPage) navigate(ctx context.Context, address string) error {
	_, err := do(ctx, p, chromedp.Navigate(address))
	return err
}

func (p *chromiumPage) evaluate(ctx context.Context, script string) ([]byte, error) {
	return do(ctx, p, chromedp.Evaluate[json.RawMessage](script, chromedp.EvalAwaitPromise))
}

func (p *chromiumPage) resize(ctx context.Context, width, height int) error {
	_, err := do(ctx, p, chromedp.EmulateViewport(int64(width), int64(height)))
	return err
}

func (p *chromiumPage) press(ctx context.Context, keys string) error {
	_, err := do(ctx, p, chromedp.KeyEvent(keys))
	return err
}

func (p *chromiumPage) prefer(ctx context.Context, s Scheme) error {
	colours, forced := s.features()
	_, err := call(ctx, p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: colours}, {Name: "forced-colors", Value: forced},
	}})
	return err
}

func (p *chromiumPage) disableScripts(ctx context.Context) error {
	_, err := call(ctx, p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	return err
}

func (p *chromiumPage) screenshot(ctx context.Context, r image.Rectangle) ([]byte, error) {
	clip := &cdppage.Viewport{X: float64(r.Min.X), Y: float64(r.Min.Y), Width: float64(r.Dx()), Height: float64(r.Dy()), Scale: 1}
	shot, err := call(ctx, p, cdppage.CaptureScreenshot, cdppage.CaptureScreenshotParams{Clip: clip, CaptureBeyondViewport: new(true)})
	return shot.Data, err
}

func (p *chromiumPage) print(ctx context.Context) ([]byte, error) {
	pdf, err := call(ctx, p, cdppage.PrintToPDF, cdppage.PrintToPDFParams{PaperWidth: 8.27, PaperHeight: 11.69, PreferCSSPageSize: new(true)})
	return pdf.Data, err
}
