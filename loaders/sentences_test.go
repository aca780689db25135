package loaders_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"nerbench/loaders"
)

func cutSentences(text string) []string {
	var pieces []string
	for _, r := range loaders.Sentences(text) {
		pieces = append(pieces, strings.TrimSpace(text[r.Start:r.End]))
	}
	return pieces
}

func TestSentences(t *testing.T) {
	for name, want := range map[string][]string{
		"nothing":           nil,
		"two":               {"Mira left.", "Lüder stayed!"},
		"question, quote":   {"“Did she leave?”", "He said so."},
		"brackets":          {"It grew (see below).", "[Later it died.]", "So."},
		"abbreviations":     {"Cells of E. coli, i.e. bacteria, were given 5 mg p.o. daily.", "Dr. Okafor (cf. Fig. 2) agreed with Smith et al. (2001)."},
		"figure at the end": {"This shows the fig.", "Yet nobody saw it."},
		"before a number":   {"See No. 5 and Sec. IV of the Act.", "He said no.", "Then he left."},
		"initials":          {"J. R. Lüder moved to the U.S. Senate."},
		"small letters":     {"It holds approx. nine litres of pH 7.4 buffer at 37.5 degrees."},
		"numbers":           {"It took 4.5 h.", "5 samples were lost."},
		"law":               {"In Okafor v. Tavenport, 12 F.3d 99 (9th Cir. 2001), Inc. Ltd. and Co. were one.", "Affirmed."},
		"lines":             {"A title", "A first line. and a second one"},
		"tokens":            {"The drug was given .", "patients left .", "( None stayed . )"},
		"no-break spaces":   {"Made in Essa,\u00a0Dr.\u00a0Okafor wrote.", "Nobody read it."},
		"dots":              {"Wait...", "What?!", "Nothing…", "Really."},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Join(want, " ")
			if name == "lines" {
				text = strings.Join(want, "\n\n")
			}
			if got := cutSentences(text); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// FuzzSentences checks that the pieces are adjacent, are split between code points,
// contain text, and joined are the document.
func FuzzSentences(f *testing.F) {
	for _, s := range []string{"Mira left. Lüder stayed.", "a\n\n b.\r\n", "“Ja?” … !", " . . x", "\xff. A", "e.g. A. B.\u00a0C"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at := 0
		for _, r := range loaders.Sentences(text) {
			if r.Start != at || r.End <= r.Start {
				t.Fatalf("piece %v after %d", r, at)
			}
			at = r.End
			if utf8.ValidString(text) && !utf8.ValidString(text[r.Start:r.End]) {
				t.Fatalf("piece %v splits a code point", r)
			}
		}
		if at != len(text) {
			t.Fatalf("pieces end at %d of %d", at, len(text))
		}
	})
}
