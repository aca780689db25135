package chattemplate

import "regexp"

// The marks around what is trained, in the text of a child process. No text of a model has
// these control characters in this order.
const (
	generationBegin = "\x00\x01\x02"
	generationEnd   = "\x00\x02\x01"
)

// The tags of transformers around what the assistant says. Jinja itself does not know
// them.
var (
	generationTag    = regexp.MustCompile(`\{%(-?)\s*generation\s*(-?)%\}`)
	endGenerationTag = regexp.MustCompile(`\{%(-?)\s*endgeneration\s*(-?)%\}`)
)

// withMarks replaces the tags by marks, so that the template can be applied. The minus
// signs, which remove white space, keep their places.
func withMarks(source string) string {
	source = generationTag.ReplaceAllString(source, "{%$1 if true %}{{ generation_begin }}{% if true $2%}")
	return endGenerationTag.ReplaceAllString(source, "{%$1 endif %}{{ generation_end }}{% endif $2%}")
}
