package main

import (
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"nerbench/distill"
	"nerbench/internal/filetest"
)

// TestEveryCommandPrintsOneJSONValue runs every command with --json: standard output is
// one JSON value. A new command needs a line here.
func TestEveryCommandPrintsOneJSONValue(t *testing.T) {
	t.Chdir(t.TempDir())
	filetest.Write(t, "", map[string]string{
		"own/own.toml": strings.NewReplacer(`id = "pets"`, `id = "own"`).Replace(petsDataset), "bad/bad.toml": "id = 3\n", "datasets/pets.toml": petsDataset,
		"data/pets/train.txt": "Ann B-PER\nfeeds O\nRex B-PET\n\nBob B-PER\n\n", "data/pets/test.txt": petsTest(3),
		"gold.jsonl":     `{"id": "1", "text": "Ann", "spans": [{"start": 0, "end": 3, "type": "person"}]}` + "\n",
		"pred.jsonl":     `{"id": "1", "spans": [{"start": 0, "end": 3, "type": "person"}]}` + "\n",
		"imported.jsonl": `{"id": "pets/test/0", "spans": []}` + "\n",
		"sweep.toml":     "title = \"t\"\ndatasets = [\"pets\"]\n[fixed]\nmodel = \"tagger\"\n[grid]\nsampling_seed = [1, 2]\n",
	})
	filetest.Write(t, "student", map[string]string{"tokenizer_config.json": `{"bos_token": "<s>"}`})
	set := distill.Set{Train: []distill.Conversation{{ID: "1", Text: "Ann", Questions: []distill.Question{{Type: "person", Answers: []string{"Ann"}}}}}}
	if err := set.Write(t.Context(), "set"); err != nil {
		t.Fatal(err)
	}
	writeSSHKey(t, "id")
	call := func(stdin string, args ...string) (code int, stdout, stderr string) {
		var out, errs strings.Builder
		env := &environment{stdin: strings.NewReader(stdin), stdout: &out, stderr: &errs, getenv: func(string) string { return "" }}
		code = run(t.Context(), append([]string{"nerbench", "--datasets", "datasets", "--data", "data"}, args...), env)
		return code, out.String(), errs.String()
	}
	id := func() string {
		_, list, _ := call("", "runs", "list", "--json")
		var runs []struct{ ID string }
		if err := json.Unmarshal([]byte(list), &runs); err != nil || len(runs) == 0 {
			t.Fatalf("no run: %v\n%s", err, list)
		}
		return runs[0].ID
	}
	for _, tc := range []struct {
		command string
		stdin   string
		code    int
		list    int // the length of the list; 0: another value, or any length
	}{
		{"run -m tagger -d pets --set sampling_seed=1", "", 0, 0},
		{"run -m tagger -m tagger -d pets --limit 2", "", 0, 0},
		{"worker", "", exitUsage, -1},
		{"workers --join nosuch.fleet", "", exitError, -1},
		{"quickstart", "", 0, 0},
		{"store recover --into whole.db", "", 0, 0},
		{"merge results.db whole.db --into merged.db", "", 0, 0},
		{"merge results.db whole.db --check", "", 0, 0},
		{"merge results.db", "", exitUsage, -1},
		{"import imported.jsonl --model x -d pets --limit 1", "", 0, 0},
		{"score --all", "", 0, 0},
		{"reproduce RUN", "", 0, 0},
		{"runs list", "", 0, 0},
		{"runs show RUN", "", 0, 0},
		{"runs errors RUN", "", 0, 0},
		{"runs export RUN", "", 0, 3},
		{"runs export RUN --what answers", "", 0, 3},
		{"runs export RUN --what prompts", "", 0, 3},
		{"runs export RUN --format eee --out eee", "", 0, 0},
		{"runs export RUN --format parquet --out parquet", "", 0, 0},
		{"runs export RUN --format csv", "", exitUsage, -1},
		{"bundle create --where sampling_seed=1 --where dataset=pets --unsigned --out x.nbz", "", 0, 0},
		{"bundle verify x.nbz", "", 0, 0},
		{"bundle verify x.nbz --audit --against .", "", 0, 0},
		{"bundle attest x.nbz -m tagger --spot 2 --key id", "", 0, 0},
		{"bundle verify x.nbz --attestation x.attestation.json", "", 0, 0},
		{"bundle verify data/pets/test.txt", "", exitError, -1},
		{"board init board", "", 0, 0},
		{"board add x.nbz --board board --user mira --key id", "", 0, 0},
		{"board verify --board board", "", 0, 0},
		{"board export RUN --board board --out y.nbz", "", 0, 0},
		{"board build --board board --out public", "", 0, 0},
		{"table", "", 0, 0},
		{"compare sampling_seed=1 sampling_seed=9", "", exitError, -1},
		{"compare --gold gold.jsonl --pred pred.jsonl --pred pred.jsonl", "", 0, 0},
		{"sweep list", "", 0, 0},
		{"sweep plan sweep.toml --probe 0", "", 0, 0},
		{"sweep run sweep.toml --ci 0", "", 0, 0},
		{"sweep status sweep.toml --ci 0", "", 0, 0},
		{"distill construct data/pets/test.txt -m tagger --out made", "", exitUsage, -1},
		{"distill stats made", "", exitError, -1},
		{"distill build -d pets --out built", "", 0, 0},
		{"distill export set --for trl --out student", "", 0, 0},
		{"distill check set student", "", 0, 0},
		{"paper table3", "", 0, 0},
		{"paper table6", "", 0, 0},
		{"paper table3 --out paper", "", 0, 0},
		{"site build", "", 0, 0},
		{"site build --single", "", 0, 0},
		{"serve --addr 0.0.0.0:0", "", exitUsage, -1},
		{"datasets list", "", 0, 50},
		{"datasets show pets", "", 0, 0},
		{"datasets cite crossner-ai mit-movie", "", 0, 2},
		{"datasets fetch --dry-run mit-movie", "", 0, 0},
		{"datasets import mit-movie nosuch", "", exitError, -1},
		{"datasets lint own/own.toml", "", 0, 1},
		{"datasets lint own/own.toml bad/bad.toml", "", exitError, 2},
		{"datasets verify pets", "", 0, 0},
		{"datasets stats --suite crossner-mit", "", 0, 0},
		{"datasets export pets", "", 0, 3},
		{"datasets export pets --limit 1", "", 0, 1},
		{"prompts list", "", 0, 0},
		{"prompts show uniner", "", 0, 0},
		{"prompts render --dataset pets --limit 2", "", 0, 4},
		{"models list", "", 0, 0},
		{"models show uniner-7b-all", "", 0, 0},
		{"models check nosuch", "", exitUsage, -1},
		{"eval --gold gold.jsonl --pred pred.jsonl", "", 0, 0},
		{"parse --types person", `{"text": "[\"Ann\"]"}` + "\n" + `{"text": "[]"}` + "\n", 0, 2},
		{"parse --types person", "", 0, 0},
		{"align", `{"text": "Ann", "mentions": [{"text": "Ann", "type": "person"}]}` + "\n", 0, 1},
		{"doctor", "", -1, 0},
		{"completion bash", "", 0, 0},
		{"help keys", "", 0, 0},
		{"version", "", 0, 0},
		{"runs rm RUN", "", 0, 0},
	} {
		t.Run(tc.command, func(t *testing.T) {
			args := strings.Fields(tc.command)
			if i := slices.Index(args, "RUN"); i >= 0 {
				args[i] = id()
			}
			code, stdout, stderr := call(tc.stdin, append(args, "--json")...)
			if code != tc.code && tc.code >= 0 {
				t.Fatalf("exit code %d, want %d: %s", code, tc.code, stderr)
			}
			if tc.list < 0 {
				if stdout != "" {
					t.Errorf("a failed command prints %s", stdout)
				}
				return
			}
			decoder := json.NewDecoder(strings.NewReader(stdout))
			var value any
			if err := decoder.Decode(&value); err != nil {
				t.Fatalf("%v in\n%s", err, stdout)
			}
			if err := decoder.Decode(new(any)); err != io.EOF {
				t.Errorf("more than one value (%v) in\n%s", err, stdout)
			}
			if list, is := value.([]any); tc.list > 0 && (!is || len(list) != tc.list) {
				t.Errorf("want a list of %d values, got\n%s", tc.list, stdout)
			}
		})
	}
	if _, err := os.Stat("paper/table3.tex"); err != nil {
		t.Error(err)
	}
}

// TestEveryCommandIsInTheTestOfJSON: the test above has every command.
func TestEveryCommandIsInTheTestOfJSON(t *testing.T) {
	source, err := os.ReadFile("json_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var walk func(path string, cmds []*cli.Command)
	walk = func(path string, cmds []*cli.Command) {
		for _, c := range cmds {
			name := strings.TrimSpace(path + " " + c.Name)
			if len(c.Subcommands) > 0 {
				walk(name, c.Subcommands)
				continue
			}
			if text := string(source); !strings.Contains(text, `{"`+name+` `) && !strings.Contains(text, `{"`+name+`"`) {
				t.Errorf("%s: no line", name)
			}
		}
	}
	walk("", commands(&environment{}))
}

// TestLinesAndLists: commands that print JSON Lines print the same values as a list with
// --json, and refuse --json beside another format.
func TestLinesAndLists(t *testing.T) {
	t.Chdir(t.TempDir())
	filetest.Write(t, "", map[string]string{"datasets/pets.toml": petsDataset, "data/pets/test.txt": petsTest(3)})
	shared := []string{"--datasets", "datasets", "--data", "data"}
	for _, args := range [][]string{{"datasets", "export", "pets"}, {"prompts", "render", "--dataset", "pets"}} {
		args = append(args, shared...)
		_, lines, _ := program(t, nil, append(args, "--format", "jsonl")...)
		if _, usual, _ := program(t, nil, args...); usual != lines || lines == "" {
			t.Errorf("%v: the default is not jsonl:\n%s", args, usual)
		}
		_, list, _ := program(t, nil, append(args, "--json")...)
		if want := "[\n" + strings.ReplaceAll(strings.TrimSuffix(lines, "\n"), "\n", ",\n") + "\n]\n"; list != want {
			t.Errorf("%v: the list is\n%s\nwant\n%s", args, list, want)
		}
		code, _, stderr := program(t, nil, append(args, "--json", "--format", "jsonl")...)
		if code != exitUsage || !strings.Contains(stderr, "want one of them") {
			t.Errorf("%v: --json and another format: exit code %d, %s", args, code, stderr)
		}
		// The variable is a default, and the flag counts before it.
		if code, now, _ := program(t, map[string]string{"NERBENCH_JSON": "1"}, append(args, "--format", "jsonl")...); code != 0 || now != lines {
			t.Errorf("%v: --format jsonl beside NERBENCH_JSON: exit code %d\n%s", args, code, now)
		}
	}
}
