package main

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// completionApp is the program with its commands.
func completionApp() *cli.App {
	env := &environment{stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }}
	return &cli.App{Name: "nerbench", Flags: globalFlags(), Commands: commands(env)}
}

func words(found []candidate) []string {
	var out []string
	for _, c := range found {
		out = append(out, c.Word)
	}
	return out
}

// TestCompletionWalk demands of every command that it is completed, with all of its
// flags and the global ones.
func TestCompletionWalk(t *testing.T) {
	app := completionApp()
	walked := 0
	var walk func(path []string, cmds []*cli.Command)
	walk = func(path []string, cmds []*cli.Command) {
		offered := words(completions(app, append(slices.Clone(path), "")))
		for _, c := range cmds {
			if !slices.Contains(offered, c.Name) {
				t.Errorf("%q: %s is not completed", path, c.Name)
			}
			here := append(slices.Clone(path), c.Name)
			flags := words(completions(app, append(slices.Clone(here), "-")))
			for _, f := range slices.Concat(c.Flags, app.Flags) {
				walked++
				if name := "--" + f.Names()[0]; !slices.Contains(flags, name) {
					t.Errorf("%q: %s is not completed", here, name)
				}
			}
			if slices.Sort(flags); len(slices.Compact(flags)) != len(flags) {
				t.Errorf("%q: a flag is completed twice: %q", here, flags)
			}
			walk(here, c.Subcommands)
		}
	}
	walk(nil, app.Commands)
	if walked < 100 {
		t.Errorf("only %d flags were seen", walked)
	}
}

// TestCompletionMeanings demands that no meaning breaks the lines of the answer.
func TestCompletionMeanings(t *testing.T) {
	app := completionApp()
	for _, line := range []string{"", "run -", "run -d ", "run --set ", "run -m ", "run --card ", "run --suite ", "run --family ", "eval --metric "} {
		for _, c := range completions(app, strings.Split(line, " ")) {
			if strings.ContainsAny(c.Word+c.Meaning, "\t\n") || c.Word == "" {
				t.Errorf("%q: candidate %q, %q", line, c.Word, c.Meaning)
			}
		}
	}
}

func TestCompletionValues(t *testing.T) {
	app := completionApp()
	for _, tc := range []struct {
		line string // up to the word that is completed
		want string // all candidates; with "…" at the end the first ones
	}{
		{"comple", "completion"},
		{"datasets s", "show stats"},
		{"--store x.db datasets s", "show stats"},
		{"datasets nosuch s", ""},
		{"run --max", "--max-connections"},
		{"run -m ", "ollama/ vllm/ openai/ gguf/ onnx/ exec/ tagger"},
		{"models check o", "ollama/ openai/ onnx/"},
		{"run -d crossner-a", "crossner-ai"},
		{"run -d mit-movie,mit-", "mit-movie,mit-restaurant"},
		{"run --dataset=crossner-a", "--dataset=crossner-ai"},
		{"run -d sample-l", "sample-law"},
		{"run --suite cross", "crossner-mit"},
		{"datasets list --domain l", "law"},
		{"datasets show crossner-a", "crossner-ai"},
		{"datasets show crossner-ai c", ""},
		{"datasets verify crossner-ai crossner-a", "crossner-ai"},
		{"datasets import crossner-ai x", ":file"},
		{"datasets export --format ", "jsonl conll json"},
		{"run --split ", "train dev test"},
		{"run --family b", "b2ner"},
		{"run --family gner --variant ", "llama llama+dataset t5 t5+dataset"},
		{"run --family nosuch --variant ", ""},
		{"prompts show gp", "gpt_ner"},
		{"run --card b2", "b2ner…"},
		{"models show b2", "b2ner…"},
		{"run --view ", "all table6"},
		{"run --set vi", "view="},
		{"run --set view=", "view=all view=table6"},
		{"run --set dataset=", ""},
		{"runs list --where dataset=crossner-a", "dataset=crossner-ai"},
		{"runs list --where fam", "family= family_hash="},
		{"table --rows dom", "domain"},
		{"table --cols sys", "system"},
		{"table --metric span_f1,gn", "span_f1,gner_f1"},
		{"eval --metric al", "all"},
		{"run --metric al", ""},
		{"eval --align l", "leftmost longest"},
		{"eval --scheme bi", "bilou"},
		{"eval --gold ", ":file"},
		{"align --boundary word_", "word_strict"},
		{"eval --by bucket:eL", "bucket:eLen"},
		{"table --format l", "latex"},
		{"paper fig9 --format s", "svg"},
		{"paper table", "table1 table2 table3 table4 table5 table6"},
		{"paper al", "all"},
		{"sweep plan wor", "wording :file"},
		{"runs export --what ", "predictions answers prompts store"},
		{"doctor --only con", "config"},
		{"version --color ", "auto always never"},
		{"version --data ", ":dir"},
		{"completion ", "bash zsh fish"},
		{"run --gpu-split ", "none layer row"},
		{"run --max-connections ", "auto"},
		{"site build --ci ", ""},
		{"eval --tiers ", ""},
		{"run -- -", ""},
	} {
		t.Run(tc.line, func(t *testing.T) {
			got := strings.Join(words(completions(app, strings.Split(tc.line, " "))), " ")
			want, open := strings.CutSuffix(tc.want, "…")
			if got != want && !(open && strings.HasPrefix(got, want)) {
				t.Errorf("%q becomes %q, want %q", tc.line, got, tc.want)
			}
		})
	}
}
