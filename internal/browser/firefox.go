package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nerbench/internal/reference"
)

// Firefox starts Firefox.
func Firefox(t testing.TB) *Browser {
	t.Helper()
	s, err := startFirefox(t)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{"firefox", s.tab}
}

// startFirefox starts a Firefox with a profile of its own and opens a session.
func startFirefox(t testing.TB) (*session, error) {
	t.Helper()
	profile := t.TempDir()
	output, err := os.Create(filepath.Join(t.TempDir(), "firefox.log"))
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = output.Close() })
	// The pages of the browser itself set colours and disable scripts.
	program := exec.Command(reference.Firefox(t), "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0", "--remote-allow-system-access")
	program.Stdout, program.Stderr = output, output
	if err := program.Start(); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		_ = program.Process.Kill()
		_ = program.Wait()
	})
	address, err := addressOf(profile)
	if err != nil {
		log, _ := os.ReadFile(output.Name())
		return nil, fmt.Errorf("%w: %s", err, log)
	}
	ctx, cancel := context.WithTimeout(t.Context(), timeLimit)
	defer cancel()
	s, err := dial(ctx, address)
	if err != nil {
		return nil, err
	}
	t.Cleanup(s.close)
	if _, err := s.call(ctx, "session.new", object{"capabilities": object{}}); err != nil {
		return nil, err
	}
	_, err = s.call(ctx, "session.subscribe", object{"events": []string{"log.entryAdded", "network.beforeRequestSent"}})
	return s, err
}

// addressOf waits until Firefox has written the address of its server into the profile.
func addressOf(profile string) (string, error) {
	for end := time.Now().Add(startLimit); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var server struct {
			Host string `json:"ws_host"`
			Port int    `json:"ws_port"`
		}
		if data, err := os.ReadFile(filepath.Join(profile, "WebDriverBiDiServer.json")); err == nil && json.Unmarshal(data, &server) == nil {
			return fmt.Sprintf("ws://%s:%d/session", server.Host, server.Port), nil
		}
	}
	return "", fmt.Errorf("firefox opens no port")
}

// tab opens a tab.
func (s *session) tab(t testing.TB, ctx context.Context) (page, error) {
	p := &firefoxPage{session: s}
	var created struct{ Context string }
	if err := s.result(ctx, &created, "browsingContext.create", object{"type": "tab"}); err != nil {
		return nil, err
	}
	p.context = created.Context
	var tree struct{ Contexts []struct{ Context string } }
	if err := s.result(ctx, &tree, "browsingContext.getTree", object{"moz:scope": "chrome", "maxDepth": 0}); err != nil {
		return nil, err
	}
	if len(tree.Contexts) != 1 {
		return nil, fmt.Errorf("firefox has %d windows", len(tree.Contexts))
	}
	p.window = tree.Contexts[0].Context
	t.Cleanup(func() {
		_, _ = s.call(context.Background(), "browsingContext.close", object{"context": p.context})
	})
	return p, nil
}

// firefoxPage is a tab of Firefox.
type firefoxPage struct {
	*session
	context string // the tab
	window  string // the window of the browser, which shows tabs
}

func (p *firefoxPage) navigate(ctx context.Context, address string) error {
	_, err := p.call(ctx, "browsingContext.navigate", object{"context": p.context, "url": address, "wait": "complete"})
	return err
}

// run evaluates a script in a tab or in the window.
func (p *firefoxPage) run(ctx context.Context, target object, script string) ([]byte, error) {
	var evaluated struct {
		Result           remoteValue
		ExceptionDetails struct{ Text string }
	}
	if err := p.result(ctx, &evaluated, "script.evaluate", object{"expression": script, "target": target, "awaitPromise": true}); err != nil {
		return nil, err
	}
	if why := evaluated.ExceptionDetails.Text; why != "" {
		return nil, fmt.Errorf("%s", why)
	}
	value, err := evaluated.Result.plain()
	if err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

func (p *firefoxPage) evaluate(ctx context.Context, script string) ([]byte, error) {
	return p.run(ctx, object{"context": p.context}, script)
}

// privileged runs a script of the browser itself; tab is the tab.
func (p *firefoxPage) privileged(ctx context.Context, script string) error {
	if _, err := p.call(ctx, "browsingContext.activate", object{"context": p.context}); err != nil {
		return err
	}
	_, err := p.run(ctx, object{"context": p.window}, `{ const tab = gBrowser.selectedBrowser.browsingContext; `+script+`; } null`)
	return err
}

func (p *firefoxPage) resize(ctx context.Context, width, height int) error {
	_, err := p.call(ctx, "browsingContext.setViewport", object{"context": p.context, "viewport": object{"width": width, "height": height}})
	return err
}

// keyCodes are the keys of WebDriver that are no characters.
var keyCodes = strings.NewReplacer("\t", "\ue004", "\r", "\ue007", "\x1b", "\ue00c")

func (p *firefoxPage) press(ctx context.Context, keys string) error {
	var actions []object
	for _, key := range keyCodes.Replace(keys) {
		actions = append(actions, object{"type": "keyDown", "value": string(key)}, object{"type": "keyUp", "value": string(key)})
	}
	_, err := p.call(ctx, "input.performActions", object{"context": p.context, "actions": []object{{"type": "key", "id": "keyboard", "actions": actions}}})
	return err
}

func (p *firefoxPage) prefer(ctx context.Context, s Scheme) error {
	colours, forced := s.features()
	return p.privileged(ctx, fmt.Sprintf(`tab.prefersColorSchemeOverride = %q; tab.forcedColorsOverride = %q`, colours, forced))
}

func (p *firefoxPage) disableScripts(ctx context.Context) error {
	return p.privileged(ctx, `tab.allowJavascript = false`)
}

func (p *firefoxPage) screenshot(ctx context.Context, r image.Rectangle) ([]byte, error) {
	var shot struct{ Data []byte }
	clip := object{"type": "box", "x": r.Min.X, "y": r.Min.Y, "width": r.Dx(), "height": r.Dy()}
	err := p.result(ctx, &shot, "browsingContext.captureScreenshot", object{"context": p.context, "origin": "document", "clip": clip})
	return shot.Data, err
}

func (p *firefoxPage) print(ctx context.Context) ([]byte, error) {
	var pdf struct{ Data []byte }
	err := p.result(ctx, &pdf, "browsingContext.print", object{"context": p.context, "page": object{"width": 21.0, "height": 29.7}})
	return pdf.Data, err
}

func (p *firefoxPage) events(ctx context.Context) (console, requests []string, err error) {
	// The answer comes after all events.
	if _, err := p.call(ctx, "session.status", object{}); err != nil {
		return nil, nil, err
	}
	return slices.Clone(p.console[p.context]), slices.Clone(p.requests[p.context]), nil
}
