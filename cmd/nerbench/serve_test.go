package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/internal/browser"
)

// TestServeShowsLiveRuns opens the pages of serve in a browser while another process
// makes a run against a fake server, which holds answers until the page shows the others.
func TestServeShowsLiveRuns(t *testing.T) { browser.Each(t, testServeShowsLiveRuns) }

func testServeShowsLiveRuns(t *testing.T, in *browser.Browser) {
	w := newWorkplace(t, 60, 0)
	model := []string{"run", "-m", "ollama/tiny", "-d", "mini", "--store", "r.db"}
	if code, out := w.run(append(model, "--set", "limit=5")...); code != 0 {
		t.Fatalf("exit code %d: %s", code, out)
	}
	before, err := os.ReadFile(filepath.Join(w.dir, "r.db"))
	if err != nil {
		t.Fatal(err)
	}
	temporary := filepath.Join(w.dir, "temporary")
	if err := os.Mkdir(temporary, 0o700); err != nil {
		t.Fatal(err)
	}
	server := w.program("serve", "--store", "r.db", "--addr", "127.0.0.1:0", "--ci", "0", "--json")
	server.Env = append(server.Env, "TMPDIR="+temporary)
	var complaints strings.Builder
	server.Stderr = &complaints
	stdout, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill() })
	var started struct{ URL string }
	if err := json.NewDecoder(bufio.NewReader(stdout)).Decode(&started); err != nil {
		t.Fatal(err, complaints.String())
	}

	b := in.Tab(t)
	b.Open(started.URL + "/")
	b.Wait(`document.body.innerText.includes("tiny")`, "true")
	if after, err := os.ReadFile(filepath.Join(w.dir, "r.db")); err != nil || string(after) != string(before) {
		t.Errorf("serve changed the store: %v", err)
	}
	b.Open(started.URL + "/live.html")
	b.Wait(`document.querySelector("#live").dataset.runs`, "0")

	answers := w.hold(40) // of 120
	asking := w.program(append(model, "--set", "temperature=0.5", "--max-connections", "4")...)
	var output bytes.Buffer
	asking.Stdout, asking.Stderr = &output, &output
	if err := asking.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = asking.Process.Kill() })
	row := `document.querySelector("#live tbody tr")`
	cell := func(n int) string { return fmt.Sprintf(`(%s ? %s.cells[%d].textContent : "")`, row, row, n) }
	b.Wait(row+` ? `+row+`.dataset.state : ""`, "asking")
	region := `document.querySelector("#live [role=region]")`
	b.Wait(`(`+region+`.focus(), document.activeElement === `+region+`)`, "true")
	b.Wait(cell(3)+`.endsWith(" of 60") && parseInt(`+cell(3)+`) > 0`, "true")
	b.Wait(`parseFloat(`+cell(5)+`) > 0`, "true")
	answers.allow(40)
	b.Wait(`parseFloat(`+cell(7)+`) > 0 && `+cell(8)+` !== "–"`, "true")
	answers.release()
	if err := asking.Wait(); err != nil {
		t.Fatal(err, output.String())
	}
	b.Wait(row+`.dataset.state`, "complete")
	b.Wait(cell(3), "60 of 60")
	b.Wait(cell(5), "50.0") // every answer names the person: right for persons, wrong for places
	b.Wait(cell(6), "0 of 120")
	b.Wait(`document.activeElement === `+region, "true") // new numbers keep the focus
	if console := b.Console(); len(console) > 0 {
		t.Errorf("the console is not clean: %q", console)
	}

	if err := server.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := server.Wait(); err != nil || complaints.Len() > 0 {
		t.Errorf("serve ended with %v: %s", err, complaints.String())
	}
	b.Wait(`document.querySelector("#live").textContent.includes("connection to the server is lost")`, "true")
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("serve left %v in the temporary folder, %v", left, err)
	}
}
