package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/internal/reference"
)

// TestBoardOfTheSample runs .ci/board, which builds the board of the embedded sample twice
// and compares the bytes, and opens it in a browser.
func TestBoardOfTheSample(t *testing.T) {
	models := []string{"tagger, seed 0", "tagger, seed 1", "tagger, seed 2"}
	if reference.Root() != "" {
		llamaLibrary(t, "cpu")
		models = append(models, "tiny-uniner-frequency", "tiny-uniner-none", "tiny-uniner-uniform")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := exec.Command(filepath.Join("..", "..", ".ci", "board"), dir)
	script.Env = append(os.Environ(), "NERBENCH="+program, childVariable+"=1")
	if out, err := script.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}

	b := newBrowser(t)
	b.open("file://" + filepath.ToSlash(dir) + "/site/index.html")
	b.wait(`[...document.querySelectorAll("#board tbody tr[data-slug] .model a:first-child")].map(a => a.textContent).sort().join("; ")`, strings.Join(models, "; "))
	b.wait(`[...document.querySelectorAll("#board tbody tr[data-slug]")].every(r => parseFloat(r.querySelector(".mean").textContent) > 0)`, "true")
	b.wait(`document.querySelector("#board tbody tr[data-slug] .model a").click()`, "undefined")
	b.wait(`location.pathname.includes("/m/") && document.querySelector("h1")?.textContent.startsWith("tagger, seed ") === true`, "true")
	b.wait(`[...document.querySelectorAll("table th[scope=row]")].filter(h => h.textContent.startsWith("sample-")).length >= 9`, "true")
}
