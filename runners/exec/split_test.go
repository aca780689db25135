package exec

import (
	"slices"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	for command, want := range map[string][]string{
		"a":                          {"a"},
		"  python3 x.py\t--top 3\n":  {"python3", "x.py", "--top", "3"},
		`a 'b c' "d e" f\ g`:         {"a", "b c", "d e", "f g"},
		`a 'it''s' "say \"x\"" '\n'`: {"a", "its", `say "x"`, `\n`},
		`a '' ""`:                    {"a", "", ""},
		`a --x="b c"d`:               {"a", "--x=b cd"},
		`C:\tools\ner.exe C:\x`:      {`C:\tools\ner.exe`, `C:\x`},
		`a \\ \' "\$HOME" $HOME *`:   {"a", `\`, "'", `\$HOME`, "$HOME", "*"},
		`a '|' "&&" x|y`:             {"a", "|", "&&", "x|y"},
		"sh -c 'a | b > c'":          {"sh", "-c", "a | b > c"},
		"überall é":                  {"überall", "é"},
		`a \`:                        {"a", `\`},
	} {
		got, err := Split(command)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", command, got, err, want)
		}
		if again, err := Split(joinWords(got)); err != nil || !slices.Equal(again, got) {
			t.Errorf("%s: joined as %s: %q, %v", command, joinWords(got), again, err)
		}
	}
	for command, want := range map[string][2]string{
		"":              {"it has no words", ""},
		" \t":           {"it has no words", ""},
		"''":            {"it has no words", ""},
		"a 'b":          {"the quote ' has no end", ""},
		`a "b\"`:        {`the quote " has no end`, ""},
		"a | b":         {"| has no meaning without a shell", "sh -c"},
		"a > b":         {"> has no meaning without a shell", "sh -c"},
		"X=1 python3 x": {"X=1 is not a program", "env X=…"},
		"a\x00":         {"null character", ""},
	} {
		_, err := Split(command)
		if err == nil || !strings.Contains(err.Error(), want[0]) || !strings.Contains(advice(err), want[1]) {
			t.Errorf("%q: %v (%s), want %v", command, err, advice(err), want)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add(`a 'b c' "d\"" \ e`)
	f.Fuzz(func(t *testing.T, command string) {
		words, err := Split(command)
		if err != nil {
			return
		}
		if again, err := Split(joinWords(words)); err != nil || !slices.Equal(again, words) {
			t.Errorf("%q: %q, joined as %q: %q, %v", command, words, joinWords(words), again, err)
		}
	})
}
