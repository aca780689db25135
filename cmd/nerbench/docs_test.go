package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMetricsPage runs the worked examples of docs/metrics.md, which compare
// readings (docs/spec/metrics.md §8.1), outcomes (§8.2, §8.3), protocols (§9.5), and what
// stands beside a number (§14.1): files are blocks that name one, commands stand
// in blocks of a console, each followed by its output. With -update the outputs
// are written anew.
func TestMetricsPage(t *testing.T) {
	const name = "../../docs/metrics.md"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	var out strings.Builder
	commands := 0
	rest := string(page)
	for {
		before, after, found := strings.Cut(rest, "\n```")
		out.WriteString(before)
		if !found {
			break
		}
		info, block, _ := strings.Cut(after, "\n")
		body, behind, closed := strings.Cut(block, "```\n")
		if !closed {
			t.Fatalf("block %q: has no end", info)
		}
		kind, file, _ := strings.Cut(info, " ")
		switch {
		case kind == "console":
			body = runConsole(t, body)
			commands += strings.Count("\n"+body, "\n$ ")
		case file != "":
			if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		out.WriteString("\n```" + info + "\n" + body + "```\n")
		rest = behind
	}
	if commands < 8 {
		t.Errorf("only %d commands were run", commands)
	}
	if out.String() == string(page) {
		return
	}
	if !*update {
		t.Fatalf("docs/metrics.md does not show what the program prints (go test ./cmd/nerbench -run MetricsPage -update):\n%s", firstDifference(out.String(), string(page)))
	}
	if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// runConsole runs the commands of a block and returns it with their outputs.
func runConsole(t *testing.T, body string) string {
	t.Helper()
	var out strings.Builder
	for line := range strings.Lines(body) {
		command, isCommand := strings.CutPrefix(strings.TrimSpace(line), "$ nerbench ")
		if !isCommand {
			continue
		}
		var stdout, stderr bytes.Buffer
		env := &environment{stdout: &stdout, stderr: &stderr, getenv: func(string) string { return "" }}
		if code := run(t.Context(), append([]string{"nerbench"}, strings.Fields(command)...), env); code != exitOK {
			t.Errorf("%s: exit code %d: %s", command, code, stderr.String())
		}
		out.WriteString("$ nerbench " + command + "\n" + stdout.String())
	}
	return out.String()
}

func firstDifference(got, want string) string {
	wanted := strings.Split(want, "\n")
	for i, line := range strings.Split(got, "\n") {
		if i >= len(wanted) || line != wanted[i] {
			return "prints: " + line + "\nshown:  " + strings.Join(wanted[min(i, len(wanted)):min(i+1, len(wanted))], "")
		}
	}
	return "the page is longer"
}
