package ner

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Plan is the typed specification of a run. Each field is a key of the run: [Keys]
// is read from the tags of this struct, so that a new key is one line here. The
// zero value of a field means that the key is absent. Tags:
//
//	key     name of the key
//	part    part of the run that the key describes: model, data, prompt, decoding
//	about   one line for help and reports
//	set     flag: can be set with a flag of that name; key: can be set with --set
//	one     values, separated by bars
//	values  form of the values, if they are not a list
//	default what holds if a settable key is absent
//	of      key that it depends on: tables expect it to differ where that one does
//	name    yes: it is part of the short name of a system
//	pool    yes: an average over datasets may pool runs with different values
//	min     least value of a number
type Plan struct {
	Model         string `key:"model" part:"model" about:"name of the model, with its runner: ollama/NAME, tagger"`
	Digest        string `key:"digest" part:"model" of:"model" about:"identity of the model's weights; empty: identity by name"`
	Server        string `key:"server" part:"model" of:"model" about:"kind of the server that answered"`
	ServerVersion string `key:"server_version" part:"model" of:"model" about:"version that the server reports"`
	Address       string `key:"address" part:"model" of:"model" about:"address of the server, or of several, where the model has no digest"`
	Root          string `key:"root" part:"model" of:"model" about:"weights of a model without a digest, under the name that its server reports"`

	Dataset string `key:"dataset" part:"data" pool:"yes" about:"dataset of Table 6"`
	Split   Split  `key:"split" part:"data" set:"flag" one:"train|dev|test" default:"test" name:"yes" about:"split of the dataset"`
	Data    string `key:"data" part:"data" of:"dataset" pool:"yes" about:"fingerprint of the documents: texts and gold"`
	Labels  string `key:"labels" part:"data" of:"dataset" pool:"yes" about:"hash of the label map: native label to entity type"`
	Gold    string `key:"gold" part:"data" set:"key" pool:"yes" one:"native|uniner" default:"native" about:"gold rule: of the native files, or of the official test files (uniner)"`
	View    string `key:"view" part:"data" set:"flag" one:"all|table6" default:"all" about:"documents in the run: all, or those that the paper counted (table6)"`

	Family       string   `key:"family" part:"prompt" set:"flag" values:"a family of prompts list" default:"uniner; spans for tagger, onnx and exec" name:"yes" about:"prompt family"`
	FamilyHash   string   `key:"family_hash" part:"prompt" of:"family" about:"hash of the family's templates"`
	Variant      string   `key:"variant" part:"prompt" set:"flag" values:"a variant of the family; VARIANT+LINE with a dataset line" default:"the family's first" of:"family" name:"yes" about:"template of the family, with the dataset line if any"`
	Layout       string   `key:"layout" part:"prompt" set:"key" values:"per-type, all, chunk=K" default:"of the variant" of:"family" name:"yes" about:"types in one query: one, all, or at most K"`
	Order        string   `key:"order" part:"prompt" set:"key" one:"listed|name|shuffle:row|shuffle:document" default:"listed" about:"order of the types: of the dataset, by name, shuffled once (row), or for each document"`
	Wording      string   `key:"wording" part:"prompt" set:"key" one:"natural|native|upper|lower|title" default:"natural" about:"wording of the types: natural name, native label, or a case"`
	Paraphrase   string   `key:"paraphrase" part:"prompt" set:"key" values:"TYPE=NAME" default:"none" about:"another name for one type in the prompt"`
	Descriptions string   `key:"descriptions" part:"prompt" about:"hash of definitions, phrases, guidelines and examples of the types in the prompt"`
	Answer       string   `key:"answer" part:"prompt" about:"answer form of a custom prompt: list, object, objects, pairs, or tags"`
	DatasetName  string   `key:"dataset_name" part:"prompt" set:"key" one:"table6|ids" default:"table6" about:"names in the dataset line: of Table 6, or ids as in the released files"`
	Queries      string   `key:"queries" part:"prompt" set:"key" values:"all, gold, gold+k:K:uniform, gold+k:K:frequency, ratio:R" default:"all" name:"yes" about:"query set: the types that are asked; all values but all use gold (oracle)"`
	Shots        string   `key:"shots" part:"prompt" set:"key" values:"K, K:random, K:cover, K:cover:EMPTY" default:"0" name:"yes" about:"number and choice of demonstrations"`
	Seed         int      `key:"seed" part:"prompt" set:"key" values:"an integer" default:"0" about:"seed of the prompt: shuffled types, demonstrations, drawn query sets"`
	As           string   `key:"as" part:"prompt" set:"key" one:"chat|completion" default:"the shape of the variant" about:"chat: a completion prompt sent as one user message; completion: messages sent as one text"`
	Temperature  *float64 `key:"temperature" part:"decoding" set:"key" min:"0" default:"0" name:"yes" about:"sampling temperature"`
	SamplingSeed *int     `key:"sampling_seed" part:"decoding" set:"key" values:"an integer" default:"1; 0 for tagger" about:"seed of the model: of the server's sampling, or of the tagger's training"`
	MaxTokens    int      `key:"max_tokens" part:"prompt" set:"key" min:"1" default:"of the family; 4096 with think=on" about:"maximum answer length in tokens"`
	Stop         []string `key:"stop" part:"prompt" set:"key" values:"a JSON list of strings" default:"none; with shots, where the next demonstration would begin" of:"shots" about:"stop strings in addition to those of the family"`
	Think        string   `key:"think" part:"decoding" set:"key" one:"off|on|low|medium|high" default:"off, if the server has the setting" about:"thinking of the model: off, on, or a level; absent if the server got no setting"`
	ThinkSwitch  string   `key:"think_switch" part:"decoding" set:"key" values:"a name, or a JSON object of variables" default:"enable_thinking" of:"think" about:"variable of the chat template that turns thinking on"`
	Constrained  string   `key:"constrained" part:"prompt" set:"key" one:"off|json|schema" default:"off" about:"constrained decoding: any JSON, or the schema of the family"`
	Context      *int     `key:"context" part:"decoding" set:"flag" min:"0" default:"enough for the longest prompt" about:"context length in tokens, requested from the server"`

	Cap         int    `key:"cap" part:"data" set:"key" min:"1" default:"none" pool:"yes" about:"largest number of passage-type pairs of a dataset; a sample if it has more"`
	SampleSeed  *int   `key:"sample_seed" part:"data" set:"key" values:"an integer" default:"0" pool:"yes" about:"seed of the passages: splits that the release lacks, the sample under cap"`
	Limit       int    `key:"limit" part:"data" set:"flag" min:"1" default:"all" pool:"yes" about:"number of passages taken from the start of the split"`
	Shard       Shard  `key:"shard" part:"data" pool:"yes" about:"part of the passages, in runs of older versions: run --shard no longer makes a run of its own"`
	Aggregation string `key:"aggregation" part:"model" about:"how tokens of an in-process classifier become spans: simple, or first"`
	Imported    string `key:"imported" part:"model" of:"model" pool:"yes" about:"checksum and format of the file that predictions were imported from"`
	Training    string `key:"training" part:"model" of:"model" pool:"yes" about:"training data and settings of a model trained at start"`
}

// Shard is one of Of parts of the passages of a run: passage i, from 0, belongs to part
// i mod Of + 1. Index counts from 1. The zero value is all passages.
type Shard struct{ Index, Of int }

// String writes i/n; empty for the zero value.
func (s Shard) String() string {
	if s == (Shard{}) {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Of)
}

// Has reports whether the passage at an index belongs to the part.
func (s Shard) Has(index int) bool { return s.Whole() || index%s.Of == s.Index-1 }

// Whole reports whether the part is all passages.
func (s Shard) Whole() bool { return s.Of <= 1 }

// ParseShard reads i/n with 1 <= i <= n.
func ParseShard(text string) (Shard, error) {
	index, of, ok := strings.Cut(text, "/")
	i, errIndex := strconv.Atoi(index)
	n, errOf := strconv.Atoi(of)
	if !ok || errIndex != nil || errOf != nil || i < 1 || i > n {
		return Shard{}, errors.New("want i/n with 1 <= i <= n")
	}
	return Shard{i, n}, nil
}

// Keys returns the keys of the plan: the inverse of [PlanOf].
func (p Plan) Keys() map[string]string {
	keys := map[string]string{}
	v := reflect.ValueOf(p)
	for i, k := range Keys {
		if text := keyText(v.Field(i).Interface()); text != "" {
			keys[k.Name] = text
		}
	}
	return keys
}

// PlanOf reads a plan from keys. Unknown keys and malformed values are errors,
// all of them at once. Empty values are absent.
func PlanOf(keys map[string]string) (Plan, error) {
	var p Plan
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		if err := p.Set(name, keys[name]); err != nil {
			faults = append(faults, err)
		}
	}
	return p, errors.Join(faults...)
}

// Set sets one key from its text; the empty text removes it.
func (p *Plan) Set(name, text string) error {
	i := slices.IndexFunc(Keys, func(k Key) bool { return k.Name == name })
	if i < 0 {
		return UnknownKey(name, KeyNames())
	}
	field := reflect.ValueOf(p).Elem().Field(i)
	if text == "" {
		field.SetZero()
		return nil
	}
	value, err := Keys[i].parse(field.Interface(), text)
	if err != nil {
		return fmt.Errorf("%s=%s: %w", name, text, err)
	}
	field.Set(reflect.ValueOf(value))
	return nil
}

// UnknownKey is the error for an unknown key.
func UnknownKey(name string, known []string) error {
	if name == "row" { // of older versions
		return errors.New(`key "row": unknown, it is now "dataset"`)
	}
	return fmt.Errorf("key %q: unknown%s", name, Choices(name, known))
}

// parse reads the text of a key as a value of the field's type.
func (k Key) parse(field any, text string) (any, error) {
	if len(k.values) > 0 && !slices.Contains(k.values, text) {
		return nil, fmt.Errorf("want %s%s", strings.Join(k.values, " or "), DidYouMean(text, k.values))
	}
	switch field.(type) {
	case string:
		return text, nil
	case Split:
		return Split(text), nil
	case Shard:
		return ParseShard(text)
	case int:
		return k.parseInt(text)
	case *int:
		n, err := k.parseInt(text)
		return &n, err
	case *float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(f, 0) || !(f >= 0) { // not a number fails both comparisons
			return nil, errors.New("want a number from 0")
		}
		return &f, nil
	case []string:
		var list []string
		if err := json.Unmarshal([]byte(text), &list); err != nil || slices.Contains(list, "") || len(list) == 0 {
			return nil, errors.New(`want a JSON list of strings, such as ["\n\n"]`)
		}
		return list, nil
	}
	return nil, fmt.Errorf("no parser for fields of type %T", field)
}

func (k Key) parseInt(text string) (int, error) {
	n, err := strconv.Atoi(text)
	switch {
	case k.least != nil && (err != nil || n < *k.least):
		return 0, fmt.Errorf("want a number from %d", *k.least)
	case err != nil:
		return 0, errors.New("want a number")
	}
	return n, nil
}

// keyText is the inverse of parse; empty for an absent value.
func keyText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case Split:
		return string(v)
	case Shard:
		return v.String()
	case int:
		if v != 0 {
			return strconv.Itoa(v)
		}
	case *int:
		if v != nil {
			return strconv.Itoa(*v)
		}
	case *float64:
		if v != nil {
			return strconv.FormatFloat(*v, 'g', -1, 64)
		}
	case []string:
		if v != nil {
			return JSONList(v, ", ")
		}
	}
	return ""
}
