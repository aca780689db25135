package browser

import (
	"image"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// script is what the test page does, under a policy.
const script = `
console.log("hello");
addEventListener("keydown", e => document.body.dataset.keys = (document.body.dataset.keys || "") + e.key + " ");
const image = new Image(); image.src = "https://outside.example/x.png"; document.body.append(image);
setTimeout(() => { throw new Error("thrown by the page"); });
`

const testPage = `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'; style-src 'self'">
<meta name="color-scheme" content="light dark"><link rel="stylesheet" href="a.css"><body><p>Text</p><script src="a.js"></script></body>`

// TestBrowsers checks that each browser does what a tab promises, so that the tests of
// pages can fail: it sees messages, refusals and requests.
func TestBrowsers(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"a.html": testPage, "a.js": script, "a.css": "body { margin: 0; } p { background: #f00; color: #f00; margin: 0; height: 40px; width: 40px; forced-color-adjust: none; }"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer server.Close()
	Each(t, func(t *testing.T, b *Browser) {
		for _, base := range []string{server.URL + "/", (&url.URL{Scheme: "file", Path: filepath.ToSlash(dir) + "/"}).String()} {
			tab := b.Tab(t)
			tab.Open(base + "a.html")
			tab.Wait(`document.querySelectorAll("img").length`, "1")
			Evaluate[any](tab, `new Promise(done => setTimeout(done, 50))`)
			console := strings.Join(tab.Console(), "\n")
			for _, want := range []string{"hello", "thrown by the page", "outside.example"} {
				if !strings.Contains(console, want) {
					t.Errorf("%s: the console lacks %q: %s", base, want, console)
				}
			}
			requests := tab.Requests()
			for _, want := range []string{base + "a.html", base + "a.js", base + "a.css"} {
				// Firefox reports no requests for files.
				if !slices.Contains(requests, want) && !(b.Name == "firefox" && strings.HasPrefix(base, "file:")) {
					t.Errorf("no request for %s: %q", want, requests)
				}
			}
			tab.Press("ab\r\x1b\t")
			tab.Wait(`document.body.dataset.keys`, "a b Enter Escape Tab ")
			if got := Evaluate[[]any](tab, `Promise.resolve([1.5, "x", true, null, [2]])`); len(got) != 5 || got[0] != 1.5 || got[1] != "x" || got[2] != true || got[3] != nil {
				t.Errorf("values %v", got)
			}
			if _, err := evaluate[int](tab, `nowhere.x`); err == nil || !strings.Contains(err.Error(), "nowhere") {
				t.Errorf("a script that fails: %v", err)
			}
			for _, s := range Schemes {
				tab.Prefer(s)
				got := Evaluate[[]bool](tab, `[matchMedia("(prefers-color-scheme: dark)").matches, matchMedia("(forced-colors: active)").matches]`)
				if got[0] != s.Dark || got[1] != s.Forced {
					t.Errorf("%s: dark is %v, forced is %v", s, got[0], got[1])
				}
			}
			tab.Resize(400, 300)
			if got := Evaluate[int](tab, `innerWidth`); got != 400 {
				t.Errorf("the window is %d pixels wide", got)
			}
			picture := tab.Picture(image.Rect(0, 0, 80, 20))
			at := func(x, y int) [3]uint32 {
				r, g, b, _ := picture.At(picture.Bounds().Min.X+x, picture.Bounds().Min.Y+y).RGBA()
				return [3]uint32{r >> 8, g >> 8, b >> 8}
			}
			if picture.Bounds().Dx() != 80 || at(10, 10) != [3]uint32{255, 0, 0} || at(70, 10) == at(10, 10) {
				t.Errorf("the picture of %v has %v and %v", picture.Bounds(), at(10, 10), at(70, 10))
			}
			if _, n := tab.Print(); n != 1 {
				t.Errorf("%d sheets", n)
			}
			tab.DisableScripts()
			tab.Open(base + "a.html")
			if got := Evaluate[int](tab, `document.querySelectorAll("p").length * 10 + document.querySelectorAll("img").length`); got != 10 {
				t.Errorf("without scripts: %d", got)
			}
		}
	})
}
