package reports

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// latexEscapes are the characters that have a meaning in LaTeX, and those that
// pdfLaTeX does not print without further packages.
var latexEscapes = map[rune]string{
	'\\': "\\textbackslash{}", '{': "\\{", '}': "\\}", '$': "\\$", '&': "\\&", '#': "\\#", '%': "\\%", '_': "\\_",
	'^': "\\textasciicircum{}", '~': "\\textasciitilde{}", '<': "\\textless{}", '>': "\\textgreater{}", '|': "\\textbar{}", '`': "\\`{}",
	'–': "--", '—': "---", '…': "\\ldots{}", '→': "$\\to$", '±': "$\\pm$", '×': "$\\times$", '≤': "$\\le$", '≥': "$\\ge$", 'Δ': "$\\Delta$", '†': "$\\dagger$", '−': "$-$",
	'’': "'", '‘': "`", '“': "``", '”': "''", '·': "$\\cdot$", '•': "$\\bullet$", '°': "$^\\circ$", '≈': "$\\approx$", '≠': "$\\ne$", '∞': "$\\infty$", '←': "$\\leftarrow$", '\u00a0': "~",
	'§': "$\\mathsection$", '¶': "$\\mathparagraph$", '£': "\\pounds{}", '¬': "$\\neg$", '²': "$^2$", '³': "$^3$", '÷': "$\\div$", 'µ': "$\\mu$",
	'α': "$\\alpha$", 'β': "$\\beta$", 'γ': "$\\gamma$", 'δ': "$\\delta$", 'ε': "$\\epsilon$", 'κ': "$\\kappa$", 'λ': "$\\lambda$", 'μ': "$\\mu$", 'π': "$\\pi$", 'ρ': "$\\rho$", 'σ': "$\\sigma$", 'τ': "$\\tau$", 'ω': "$\\omega$",
}

// unprintable are the letters of Latin-1 and Latin Extended-A that the default fonts of
// pdfLaTeX lack.
const unprintable = "ÐðÞþĄąĘęĮįŲųĐđĦħĸĿŀŉŊŋŦŧſĲĳ"

// escapeLatex escapes a string so that LaTeX prints it as text. A character that the
// default fonts of pdfLaTeX lack is printed by its number: pdfLaTeX would stop.
func escapeLatex(s string) string {
	var b strings.Builder
	last := rune(0)
	for _, r := range printable(s) {
		if r == '-' && last == '-' {
			b.WriteString("{}") // two hyphens would be a dash
		}
		opens := last == 0 || strings.ContainsRune(" ([{/=", last)
		last = r
		switch e, ok := latexEscapes[r]; {
		case r == '"' && opens:
			b.WriteString("``")
		case r == '"':
			b.WriteString("''")
		case ok:
			b.WriteString(e)
		case r < 0x80 || r >= 0xc0 && r < 0x180 && !strings.ContainsRune(unprintable, r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "[U+%04X]", r)
		}
	}
	return b.String()
}

// longWord is the length in characters from which a word may be broken.
const longWord = 20

// breakable escapes a text. Long words, such as signatures and paths, can be broken
// behind punctuation, and behind every 16th character without.
func breakable(s string) string {
	var words []string
	for word := range strings.FieldsSeq(s) {
		if utf8.RuneCountInString(word) < longWord {
			words = append(words, escapeLatex(word))
			continue
		}
		var pieces []string
		for _, piece := range pieces16(word) {
			pieces = append(pieces, escapeLatex(piece))
		}
		words = append(words, strings.Join(pieces, "\\allowbreak{}"))
	}
	return strings.Join(words, " ")
}

// pieces16 cuts a word behind punctuation, and pieces that are longer than 16
// characters.
func pieces16(word string) []string {
	var out []string
	piece, n := "", 0
	for _, r := range word {
		piece += string(r)
		n++
		if strings.ContainsRune("/_-:=|.,;+@", r) || n == 16 {
			out, piece, n = append(out, piece), "", 0
		}
	}
	if piece != "" {
		out = append(out, piece)
	}
	return out
}

// wrapWords wraps a string into lines of about most characters. It breaks at blanks, and
// words of more than whole characters behind punctuation.
func wrapWords(s string, most, whole int) []string {
	var lines []string
	line := ""
	add := func(piece, glue string) {
		short := glue == "" && utf8.RuneCountInString(piece) <= 3 // not worth a line
		if line != "" && !short && utf8.RuneCountInString(line)+len(glue)+utf8.RuneCountInString(piece) > most {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += glue
		}
		line += piece
	}
	for word := range strings.FieldsSeq(s) {
		if word == dagger && line != "" {
			line += " " + word // never at the beginning of a line
			continue
		}
		if utf8.RuneCountInString(word) <= max(most, whole) {
			add(word, " ")
			continue
		}
		for i, piece := range pieces16(word) {
			glue := ""
			if i == 0 {
				glue = " "
			}
			add(piece, glue)
		}
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// width estimates the width of a text in em, for Computer Modern.
func width(s string) float64 {
	w := 0.0
	for _, r := range s {
		switch {
		case strings.ContainsRune("ijlt.,:;|'!()[]- ", r):
			w += 0.33
		case strings.ContainsRune("mwMW%—", r):
			w += 0.85
		case r >= 'A' && r <= 'Z':
			w += 0.7
		default:
			w += 0.5
		}
	}
	return w
}

// widestOf estimates the width of the widest line in em.
func widestOf(lines []string) float64 {
	w := 0.0
	for _, line := range lines {
		w = max(w, width(line))
	}
	return w
}
