package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/urfave/cli/v2"

	"nerbench/internal/commandline"
)

// docPage is a page of the documentation, or a section of it, taken apart.
type docPage struct {
	name     string
	files    []docFile // blocks whose first line names a file
	commands []docCommand
	mentions []string // commands in running text
}

type docFile struct{ name, text string }

// docCommand is a command of a console, or of an indented block.
type docCommand struct {
	text  string
	shown []string // lines of its output
}

// readPage reads README.md, or a page of the folder docs. A fenced block with a file name
// behind its language is that file. A fenced block that begins with "$ " is a console:
// lines that begin so are commands, the others parts of their outputs. Indented lines
// that begin with nerbench are commands, too. PAGE#TITLE is the section with this title.
func readPage(name string) (docPage, error) {
	p := docPage{name: name}
	file, title, _ := strings.Cut(name, "#")
	path := filepath.Join("..", "..", "docs", file)
	if file == "README.md" {
		path = filepath.Join("..", "..", file)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return p, err
	}
	rest := string(text)
	if title != "" {
		_, section, found := strings.Cut(rest, "\n## "+title+"\n")
		if !found {
			return p, fmt.Errorf("%s: no section %q", file, title)
		}
		rest, _, _ = strings.Cut(section, "\n## ")
	}
	for {
		prose, after, found := strings.Cut(rest, "\n```")
		p.readProse(prose)
		if !found {
			return p, nil
		}
		info, block, _ := strings.Cut(after, "\n")
		body, behind, closed := strings.Cut(block, "```\n")
		if !closed {
			return p, fmt.Errorf("%s: block %q: has no end", name, info)
		}
		kind, file, _ := strings.Cut(info, " ")
		switch {
		case strings.HasPrefix(body, "$ "):
			p.readConsole(body)
		case kind != "go" && file != "":
			p.files = append(p.files, docFile{file, body})
		}
		rest = behind
	}
}

func (p *docPage) readConsole(body string) {
	for line := range strings.Lines(body) {
		line = strings.TrimRight(line, "\n")
		if command, is := strings.CutPrefix(line, "$ "); is {
			p.commands = append(p.commands, docCommand{text: command})
		} else if line != "" {
			last := &p.commands[len(p.commands)-1]
			last.shown = append(last.shown, line)
		}
	}
}

func (p *docPage) readProse(prose string) {
	for line := range strings.Lines(prose) {
		if command, is := strings.CutPrefix(strings.TrimRight(line, "\n"), "    nerbench "); is {
			p.commands = append(p.commands, docCommand{text: "nerbench " + command})
			continue
		}
		for i, part := range strings.Split(line, "`") {
			if i%2 == 1 && strings.HasPrefix(part, "nerbench ") {
				p.mentions = append(p.mentions, part)
			}
		}
	}
}

// walkPage writes the files of a page and runs its commands as a shell would, and demands
// that they succeed and print what the page shows: walk PAGE[#TITLE] [WORD...]. Commands
// with one of the words need a server, a network or data, and are left out.
func walkPage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: walk PAGE [WORD...]")
	}
	p, err := readPage(args[0])
	ts.Check(err)
	for _, f := range p.files {
		writeBelow(ts, f)
	}
	ran := 0
	for _, c := range p.commands {
		if slices.ContainsFunc(args[1:], func(word string) bool { return strings.Contains(c.text, word) }) {
			continue
		}
		output := runShown(ts, c.text)
		ran++
		for _, line := range c.shown {
			if !strings.Contains(output, line) {
				ts.Fatalf("%s: %s: shows %q, the program printed\n%s", args[0], c.text, line, output)
			}
		}
	}
	if ran == 0 {
		ts.Fatalf("%s: no commands", args[0])
	}
}

// pageFile writes one file of a page: page PAGE FILE.
func pageFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: page PAGE FILE")
	}
	p, err := readPage(args[0])
	ts.Check(err)
	i := slices.IndexFunc(p.files, func(f docFile) bool { return f.name == args[1] })
	if i < 0 {
		ts.Fatalf("%s: no file %s", args[0], args[1])
	}
	writeBelow(ts, p.files[i])
}

func writeBelow(ts *testscript.TestScript, f docFile) {
	name := ts.MkAbs(f.name)
	ts.Check(os.MkdirAll(filepath.Dir(name), 0o755))
	ts.Check(os.WriteFile(name, []byte(f.text), 0o600))
}

// runShown runs a command of a page, and returns its output.
func runShown(ts *testscript.TestScript, command string) string {
	words, input, into, err := shellWords(command)
	ts.Check(err)
	cmd := exec.Command(os.Args[0], words[1:]...)
	switch {
	case slices.Contains([]string{"git", "cp", "mkdir", "echo"}, words[0]): // what else users type
		cmd = exec.Command("sh", "-c", command)
		input, into = "", ""
	case words[0] != "nerbench":
		ts.Fatalf("%s: not a command of nerbench or git", command)
	}
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "PATH", "TMPDIR", "OLLAMA_HOST"} {
		if value := ts.Getenv(name); value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.Env = append(cmd.Env, childVariable+"=1")
	if input != "" {
		cmd.Stdin = strings.NewReader(ts.ReadFile(input))
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		ts.Fatalf("%s: exit code %d\n%s%s", command, exit.ExitCode(), output, stderr.String())
	}
	ts.Check(err)
	if into != "" {
		writeBelow(ts, docFile{into, string(output)})
	}
	return string(output)
}

// shellWords splits a command as a shell does: at blanks outside quotes. "<" names the
// input, ">" the output, and "#" begins a comment.
func shellWords(command string) (words []string, input, output string, err error) {
	word, inWord, quote := "", false, rune(0)
	end := func() {
		if inWord {
			words = append(words, word)
		}
		word, inWord = "", false
	}
	for _, r := range command {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word += string(r)
		case r == '\'' || r == '"':
			quote, inWord = r, true
		case r == ' ':
			end()
		default:
			word, inWord = word+string(r), true
		}
	}
	end()
	if quote != 0 {
		return nil, "", "", fmt.Errorf("%s: a quote is not closed", command)
	}
	if i := slices.Index(words, "#"); i >= 0 {
		words = words[:i]
	}
	file := func(sign string) (name string) {
		if i := slices.Index(words, sign); i >= 0 && i+1 < len(words) {
			name = words[i+1]
			words = slices.Delete(words, i, i+2)
		}
		return name
	}
	input, output = file("<"), file(">")
	return words, input, output, nil
}

// pages are README.md and the pages of the folder docs, without those below it.
func pages(t *testing.T) []docPage {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	read := []docPage{}
	for _, name := range append(names, "README.md") {
		p, err := readPage(filepath.Base(name))
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, p)
	}
	if len(read) < 10 {
		t.Fatalf("only %d pages", len(read))
	}
	return read
}

// TestPagesAreWalked: every page with commands that can run here is walked by a script,
// or by TestMetricsPage.
func TestPagesAreWalked(t *testing.T) {
	elsewhere := map[string]string{
		"metrics.md":    "TestMetricsPage compares the whole outputs",
		"in-process.md": "needs libraries and files of models: the tests of gguf and onnx",
		"benchmarks.md": "measures, on real data",
		"adapters.md":   "needs packages of Python and models: the tests of internal/servers",
	}
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	walked := map[string]bool{}
	for _, name := range scripts {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if rest, is := strings.CutPrefix(line, "walk "); is {
				page := strings.Fields(rest)[0]
				if quoted := strings.Split(rest, "'"); len(quoted) > 1 {
					page = quoted[1]
				}
				walked[page] = true
			}
		}
	}
	inSections := map[string]int{} // commands in sections that are walked
	for name := range walked {
		if page, _, is := strings.Cut(name, "#"); is {
			section, err := readPage(name)
			if err != nil {
				t.Fatal(err)
			}
			inSections[page] += len(section.commands)
		}
	}
	for _, p := range pages(t) {
		if n := inSections[p.name]; n > 0 && n == len(p.commands) {
			continue
		}
		if len(p.commands)+len(p.files) > 0 && !walked[p.name] && elsewhere[p.name] == "" {
			t.Errorf("%s: has commands or files, but no script walks it", p.name)
		}
	}
}

// TestPagesNameRealCommands: each command on a page exists, with its flags, also where a
// test cannot run it.
func TestPagesNameRealCommands(t *testing.T) {
	app := completionApp()
	checked := 0
	for _, p := range pages(t) {
		for _, c := range p.commands {
			checkCommand(t, app, p.name, c.text)
			checked++
		}
		for _, m := range p.mentions {
			checkCommand(t, app, p.name, m)
			checked++
		}
	}
	if checked < 60 {
		t.Errorf("only %d commands were found", checked)
	}
}

func checkCommand(t *testing.T, app *cli.App, page, command string) {
	t.Helper()
	words, _, _, err := shellWords(command)
	if err != nil {
		t.Errorf("%s: %v", page, err)
		return
	}
	if words[0] != "nerbench" {
		return
	}
	cmds, flags := app.Commands, app.Flags
	for i, w := range words[1:] {
		w = strings.Trim(w, "[].,;:")
		if strings.HasPrefix(w, "-") && w != "-" {
			if commandline.Flag(flags, w) == nil && w != "--help" {
				t.Errorf("%s: %s: no flag %s", page, command, w)
			}
			continue
		}
		for name := range strings.SplitSeq(w, "|") {
			c := commandline.Find(cmds, name)
			if c == nil {
				if i == 0 && name != "COMMAND" {
					t.Errorf("%s: %s: no command %s", page, command, name)
				}
				continue
			}
			cmds, flags = c.Subcommands, slices.Concat(c.Flags, app.Flags)
		}
	}
}
