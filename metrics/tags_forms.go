package metrics

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// letters are the prefixes of all schemes, without O.
const letters = "BIESLUM"

// plainTag is the form letter, hyphen, type of a tag of a column file
// (docs/spec/metrics.md §4.5): the letter may be at the end, or in lenient mode in
// lower case, and an underscore may be the hyphen. Errors wrap [ErrTagPrefix]: the tag
// has no letter, or one of another scheme that would be misread.
func plainTag(written string, scheme Scheme, mode Mode) (string, error) {
	if isOutside(written) && (mode == Lenient || written != "o") {
		return "O", nil
	}
	letter, rest, ok := cutLetter(written)
	if !ok {
		letter, rest, ok = cutLastLetter(written)
	}
	if !ok {
		_, size := utf8.DecodeRuneInString(written)
		if after := written[size:]; strings.HasPrefix(after, "-") || after == "" {
			return written, nil // an unknown prefix, or a letter without a type
		}
		return "", fmt.Errorf("tag %.80q: %w %s: it has no prefix such as B-; tags that are types have the scheme io, others one of %s", written, ErrTagPrefix, scheme, schemeNames())
	}
	upper := unicode.ToUpper(letter)
	if mode == Strict && letter != upper {
		return written, nil // not in the alphabet
	}
	if strings.ContainsRune("LU", upper) && scheme != BILOU || upper == 'M' && scheme != BMES {
		return "", fmt.Errorf("tag %.80q: %w %s: %c is a prefix of the scheme %s", written, ErrTagPrefix, scheme, upper, strings.ToLower(schemeWith(upper)))
	}
	return string(upper) + "-" + rest, nil
}

// schemeNames lists the schemes of tags with a prefix.
func schemeNames() string {
	var names []string
	for _, s := range Schemes {
		if s != IO {
			names = append(names, strings.ToLower(string(s)))
		}
	}
	return strings.Join(names, ", ")
}

// schemeWith is the usual scheme with a letter.
func schemeWith(letter rune) string {
	switch unicode.ToUpper(letter) {
	case 'L', 'U':
		return string(BILOU)
	case 'M':
		return string(BMES)
	case 'E', 'S':
		return string(IOBES)
	}
	return string(IOB2)
}

// isOutside reports whether a tag of a column file is outside of all entities.
func isOutside(written string) bool { return written == "O" || written == "o" || written == "_" }

// cutLetter cuts the tag of an entity into its letter, as written, and its type.
func cutLetter(written string) (letter rune, rest string, ok bool) {
	if len(written) < 2 || written[1] != '-' && written[1] != '_' {
		return 0, "", false
	}
	letter = rune(written[0])
	return letter, written[2:], strings.ContainsRune(letters, unicode.ToUpper(letter))
}

// cutLastLetter is [cutLetter] for a letter at the end: PER-B, PER_B.
func cutLastLetter(written string) (letter rune, rest string, ok bool) {
	n := len(written)
	if n < 3 || written[n-2] != '-' && written[n-2] != '_' {
		return 0, "", false
	}
	letter = rune(written[n-1])
	return letter, written[:n-2], strings.ContainsRune(letters, unicode.ToUpper(letter))
}
