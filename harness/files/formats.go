package files

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"nerbench/internal/fault"
	"nerbench/ner"
)

// Format is a format of files of predictions (docs/spec/formats.md §5.2).
type Format string

// The formats.
const (
	JSONL     Format = "jsonl"     // lines with an id and spans, mentions or answers
	CoNLL     Format = "conll"     // columns: the first is the token, the last the predicted tag
	UniNER    Format = "uniner"    // conversations of UniversalNER, with the answer of the model
	GLiNER    Format = "gliner"    // entities of GLiNER, a list for each text
	EvalScope Format = "evalscope" // predictions or reviews of EvalScope
)

// predictionFormat describes a format.
type predictionFormat struct {
	format Format
	// members recognize a record of the format: it has all names of one of the lists.
	members [][]string
	// parse parses a record; nil: a record is no whole prediction.
	parse func(record []byte) (given, error)
	// byPlace: predictions have no ids, but are in the order of the documents, or numbered.
	byPlace bool
	// family and variant are those of its answers; empty: those of the user.
	family, variant string
}

// predictionFormats is the table of formats. To add one, add a line here.
var predictionFormats = []predictionFormat{
	{format: JSONL, members: [][]string{{"id", "spans"}, {"id", "mentions"}, {"id", "answers"}}, parse: parsePrediction},
	{format: CoNLL, byPlace: true},
	{format: UniNER, members: [][]string{{"conversations"}}, byPlace: true, family: "uniner"},
	{format: GLiNER, members: [][]string{{"entities"}, {"tokenized_text", "ner"}}, parse: parseGLiNER, byPlace: true},
	{format: EvalScope, members: [][]string{{"index", "model_output"}, {"index", "sample_score"}}, parse: parseEvalScope, byPlace: true, family: "inline_xml", variant: "evalscope"},
}

// Formats lists the formats of files of predictions.
func Formats() []string {
	names := make([]string, len(predictionFormats))
	for i, f := range predictionFormats {
		names[i] = string(f.format)
	}
	return names
}

// ParseFormat finds a format by its name; empty: it is to be recognized.
func ParseFormat(name string) (Format, error) {
	if name != "" && !slices.Contains(Formats(), name) {
		return "", fault.Usagef("format %s: unknown%s", name, ner.Choices(name, Formats()))
	}
	return Format(name), nil
}

// AnswersAs returns the prompt family and variant of the answers of a format; empty: the
// file does not say.
func (f Format) AnswersAs() (family, variant string) {
	known := f.find()
	return known.family, known.variant
}

// find returns the line of the format; the zero value if it is unknown.
func (f Format) find() predictionFormat {
	i := slices.IndexFunc(predictionFormats, func(known predictionFormat) bool { return known.format == f })
	if i < 0 {
		return predictionFormat{}
	}
	return predictionFormats[i]
}

// errAmbiguous is a file that is in one of several formats.
var errAmbiguous = errors.New("the format is ambiguous")

// detect recognizes the format of predictions by the first bytes of a file. An empty file
// is of the format jsonl.
func detect(start []byte) (Format, error) {
	start = bytes.TrimPrefix(start, []byte("\ufeff"))
	if formOf(start) == Empty {
		return JSONL, nil
	}
	names, isJSON := firstRecord(start)
	switch {
	case !isJSON:
		return CoNLL, nil
	case names == nil: // a list of lists, or of entities
		return GLiNER, nil
	}
	var found []string
	for _, f := range predictionFormats {
		if slices.ContainsFunc(f.members, func(all []string) bool {
			return !slices.ContainsFunc(all, func(name string) bool { return !slices.Contains(names, name) })
		}) {
			found = append(found, string(f.format))
		}
	}
	switch len(found) {
	case 1:
		return Format(found[0]), nil
	case 0:
		return JSONL, nil // its error names what is missing
	}
	return "", &fault.Hint{Err: fmt.Errorf("%w: the first record has members of %s", errAmbiguous, strings.Join(found, " and of ")), Advice: "name the format with --format"}
}

// firstRecord returns the names of the members of the first record of JSON. They are nil
// for a list of entities. ok is false for a file that is not JSON.
func firstRecord(start []byte) (names []string, ok bool) {
	dec := json.NewDecoder(bytes.NewReader(start))
	t, err := dec.Token()
	if t == json.Delim('[') {
		if t, err = dec.Token(); err == nil && (t == json.Delim('[') || t == json.Delim(']')) {
			return nil, true
		}
	}
	if err != nil || t != json.Delim('{') {
		return nil, formOf(start) == JSONLines
	}
	names = []string{}
	for dec.More() {
		name, err := dec.Token()
		text, isName := name.(string)
		if err != nil || !isName {
			break
		}
		names = append(names, text)
		var skipped json.RawMessage
		if dec.Decode(&skipped) != nil { // also where the first bytes end
			break
		}
	}
	if len(names) == 0 && formOf(start) == Columns {
		return names, start[0] == '['
	}
	if start[0] == '[' && slices.Contains(names, "start") && slices.Contains(names, "end") {
		return nil, true
	}
	return names, true
}

// readPredictions reads a file of records in a format. It ends after the first error.
func readPredictions(in io.Reader, f Format) iter.Seq2[given, error] {
	if f == UniNER {
		return readUniNER(in)
	}
	return func(yield func(given, error) bool) {
		known, place := f.find(), 0
		for r, err := range readRecords(in, f) {
			if err != nil {
				yield(given{}, err)
				return
			}
			g, err := known.parse(r.text)
			g.line, g.record = r.line, r.number
			if err != nil {
				yield(given{}, g.at(err))
				return
			}
			if g.key == "" && known.byPlace {
				g.key = strconv.Itoa(place)
			}
			if place++; !yield(g, nil) {
				return
			}
		}
	}
}
