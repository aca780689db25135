package texts

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"nerbench/internal/terminal"
	"nerbench/ner"
)

// KeyUse describes a key of runs with the commands that take it.
type KeyUse struct {
	Key     string `json:"key"`
	Part    string `json:"part"`
	Meaning string `json:"meaning"`
	// Values, Default and Commands are empty for a key that the program determines.
	Values   string   `json:"values,omitempty"`
	Default  string   `json:"default,omitempty"`
	Commands []string `json:"commands,omitempty"`
	// Flags are the commands that have a flag with the name of the key, too.
	Flags []string `json:"flags,omitempty"`
}

// WriteKeys prints some keys.
func WriteKeys(w io.Writer, uses []KeyUse) error {
	var b strings.Builder
	for _, u := range uses {
		b.WriteString(u.text())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteAllKeys prints all keys: those that can be set, by the part of a run, then the
// others.
func WriteAllKeys(w io.Writer, uses []KeyUse) error {
	var b strings.Builder
	b.WriteString(terminal.Reflow(strings.TrimSpace(keysIntroduction)))
	for _, g := range KeyGroups {
		fmt.Fprintf(&b, "\n%s\n", g.title)
		for _, u := range uses {
			if g.Has(&u) {
				b.WriteString(u.text())
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// KeyGroup is a group of keys, as help and the page docs/keys.md show them.
type KeyGroup struct {
	Part  ner.Part // empty: the keys that cannot be set
	title string
}

// KeyGroups are all groups, in the order of help.
var KeyGroups = []KeyGroup{
	{ner.DataPart, "data: the passages, and their gold"},
	{ner.PromptPart, "prompt: the text that is sent, and the limits of an answer"},
	{ner.DecodingPart, "decoding: how the model answers"},
	{"", "determined by the program: for --where, --rows and --cols"},
}

// Has reports whether a key is in the group.
func (g KeyGroup) Has(u *KeyUse) bool {
	if u.Values == "" {
		return g.Part == ""
	}
	return u.Part == string(g.Part)
}

// keysIntroduction begins the help about keys and their page.
const keysIntroduction = `Keys of a run. --set KEY=VALUE sets a key; some keys have a flag of their name.
A key is given once. A value may have commas: --set 'stop=["a","b"]'. A setting
that changes no answer of a model makes no new run of it.

--where KEY=VALUE selects runs by any key:
  different keys are ANDed    --where split=dev --where family=uniner: both fit
  repeated keys are ORed      --where split=dev --where split=test: one fits
  an empty value is no value  --where shots=: runs without the key

Three things are drawn, and each has its seed:
  seed           the prompt: shuffled types, demonstrations, query sets
  sampling_seed  the model: sampling of a server, training of the tagger
  sample_seed    the passages: splits that a release lacks, samples under cap
--seed of eval and compare draws intervals and tests: it is no key of a run.
--seed of datasets export is sample_seed.
`

// text describes a key in a few lines.
func (u *KeyUse) text() string {
	const indent = 17
	var lines []string
	add := func(text string) { lines = append(lines, terminal.Wrap(text, terminal.Width-indent)...) }
	add(u.Meaning)
	if u.Values != "" {
		add("values: " + u.Values + "; default: " + u.Default)
		add("commands: " + u.TakenBy())
	}
	return fmt.Sprintf("  %-*s%s\n", indent-2, u.Key, strings.Join(lines, "\n"+strings.Repeat(" ", indent)))
}

// TakenBy lists the commands that take the key, and those that have a flag for it.
func (u *KeyUse) TakenBy() string {
	text := shortCommands(u.Commands)
	if len(u.Flags) > 0 {
		text += fmt.Sprintf("; --%s of %s", u.Key, shortCommands(u.Flags))
	}
	return text
}

// shortCommands lists commands; those of sweep take the same keys.
func shortCommands(commands []string) string {
	var short []string
	for _, c := range commands {
		if strings.HasPrefix(c, "sweep ") {
			c = "sweep"
		}
		if !slices.Contains(short, c) {
			short = append(short, c)
		}
	}
	return strings.Join(short, ", ")
}
