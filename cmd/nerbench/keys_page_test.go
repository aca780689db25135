package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"nerbench/harness/texts"
	"nerbench/ner"
	"nerbench/runners/open"
)

// TestKeysPage checks that docs/keys.md has the tables of the keys as the program has
// them, and names what models ignore. With -update the tables are written anew.
func TestKeysPage(t *testing.T) {
	const name = "../../docs/keys.md"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	uses := keyUses(completionApp())
	text := string(page)
	for mark, group := range map[string]texts.KeyGroup{"data": texts.KeyGroups[0], "prompt": texts.KeyGroups[1], "decoding": texts.KeyGroups[2], "determined": texts.KeyGroups[3]} {
		before, rest, found := strings.Cut(text, "<!-- "+mark+" -->\n")
		_, behind, closed := strings.Cut(rest, "<!-- end -->")
		if !found || !closed {
			t.Fatalf("no table %s between comments", mark)
		}
		text = before + "<!-- " + mark + " -->\n" + keysTable(group, uses) + "<!-- end -->" + behind
	}
	for _, k := range open.Ignores("tagger", "spans") {
		if _, behind, _ := strings.Cut(text, "They ignore "); !strings.Contains(behind, "`"+k+"`") {
			t.Errorf("docs/keys.md does not list %s as ignored", k)
		}
	}
	if text == string(page) {
		return
	}
	if !*update {
		t.Fatalf("docs/keys.md does not have the keys of the program (go test ./cmd/nerbench -run KeysPage -update):\n%s", firstDifference(text, string(page)))
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// keysTable is a group of keys as a Markdown table.
func keysTable(g texts.KeyGroup, uses []texts.KeyUse) string {
	var b strings.Builder
	if g.Part == "" {
		b.WriteString("| key | meaning |\n|---|---|\n")
	} else {
		fmt.Fprintf(&b, "| key: %s | meaning | values | default | commands |\n|---|---|---|---|---|\n", g.Part)
	}
	for _, u := range uses {
		switch {
		case !g.Has(&u):
		case g.Part == "":
			fmt.Fprintf(&b, "| `%s` | %s |\n", u.Key, u.Meaning)
		default:
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", u.Key, u.Meaning, u.Values, u.Default, u.TakenBy())
		}
	}
	return b.String()
}

// TestHelpNamesEveryKey: every key is in the help, with its values, and each key that
// can be set is taken by run.
func TestHelpNamesEveryKey(t *testing.T) {
	var out strings.Builder
	env := &environment{stdout: &out, stderr: io.Discard, getenv: func(string) string { return "" }}
	if code := run(t.Context(), []string{"nerbench", "help", "keys"}, env); code != exitOK {
		t.Fatalf("help keys: exit code %d", code)
	}
	checkWidth(t, "help keys", out.String())
	for _, k := range ner.Keys {
		if !strings.Contains(out.String(), "\n  "+k.Name+" ") {
			t.Errorf("help keys does not describe %s", k.Name)
		}
	}
	for _, u := range keyUses(completionApp()) {
		if key, _ := ner.FindKey(u.Key); key.Settable != strings.Contains(strings.Join(u.Commands, ","), "run") {
			t.Errorf("key %s: settable %v, taken by %q", u.Key, key.Settable, u.Commands)
		}
	}
}
