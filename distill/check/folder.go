package check

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/go-huggingface/tokenizers/api"
	"github.com/gomlx/go-huggingface/tokenizers/hftokenizer"

	"nerbench/internal/fault"
)

// tokenizerConfig is what is needed of the file tokenizer_config.json.
type tokenizerConfig struct {
	Class     string       `json:"tokenizer_class"`
	BOS       special      `json:"bos_token"`
	EOS       special      `json:"eos_token"`
	AddBOS    *bool        `json:"add_bos_token"`
	Templates templateList `json:"chat_template"`
	Length    float64      `json:"model_max_length"` // a huge number: unknown
}

// special is the text of a special token, which may be in an object.
type special string

// UnmarshalJSON implements [json.Unmarshaler].
func (s *special) UnmarshalJSON(text []byte) error {
	var object struct{ Content string }
	if bytes.HasPrefix(text, []byte("{")) {
		err := json.Unmarshal(text, &object)
		*s = special(object.Content)
		return err
	}
	return json.Unmarshal(text, (*string)(s))
}

// templateList is a chat template, or the default one of several.
type templateList string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *templateList) UnmarshalJSON(text []byte) error {
	if !bytes.HasPrefix(text, []byte("[")) {
		return json.Unmarshal(text, (*string)(t))
	}
	var list []struct{ Name, Template string }
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	for _, named := range list {
		if named.Name == "default" {
			*t = templateList(named.Template)
		}
	}
	return nil
}

// openFolder opens the tokenizer and the chat template in a folder of Hugging Face. The
// weights are not read.
func openFolder(dir string) (*Model, error) {
	var config tokenizerConfig
	if err := readJSON(dir, "tokenizer_config.json", &config); err != nil {
		return nil, noStudent(dir, err)
	}
	var model struct {
		Context int `json:"max_position_embeddings"`
		Text    struct {
			Context int `json:"max_position_embeddings"`
		} `json:"text_config"`
	}
	if err := readJSON(dir, "config.json", &model); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	s := &Model{Name: dir, BOS: string(config.BOS), EOS: string(config.EOS), Context: max(model.Context, model.Text.Context), Close: func() {}}
	if n := config.Length; n >= 1 && n < 1<<24 && (s.Context == 0 || int(n) < s.Context) {
		s.Context = int(n)
	}
	source, err := os.ReadFile(filepath.Join(dir, "chat_template.jinja"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		source = []byte(config.Templates)
	case err != nil:
		return nil, err
	}
	s.useTemplate(string(source))
	text, err := os.ReadFile(filepath.Join(dir, "tokenizer.json"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.Notes = append(s.Notes, "no tokenizer.json: the tokens are not compared")
		return s, nil
	case err != nil:
		return nil, err
	}
	return s, s.useTokenizer(text, &config)
}

// noStudent adds advice to the error about a folder without a tokenizer.
func noStudent(dir string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return &fault.Hint{
		Err:    fmt.Errorf("check: %s: no tokenizer_config.json in it", dir),
		Advice: "name a student: a folder of Hugging Face with its tokenizer, a GGUF file, vllm/NAME, or ollama/NAME",
	}
}

func readJSON(dir, name string, v any) error {
	path := filepath.Join(dir, name)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("check: %s: %w", path, err)
	}
	return nil
}

// useTokenizer lets a student split texts by a file tokenizer.json.
func (s *Model) useTokenizer(text []byte, config *tokenizerConfig) error {
	t, err := readTokenizer(text)
	if err != nil {
		return fmt.Errorf("check: %s: tokenizer.json: %w", s.Name, err)
	}
	adds, err := s.addsBOS(text, config)
	if err != nil {
		return err
	}
	var bos []int
	if adds {
		if bos, err = encode(t, s.BOS); err != nil {
			return err
		}
	}
	s.Tokens = func(_ context.Context, text string, begin bool) ([]int, error) {
		tokens, err := encode(t, text)
		if begin {
			tokens = slices.Concat(bos, tokens)
		}
		return tokens, err
	}
	return nil
}

// readTokenizer reads a tokenizer. The library panics at some files.
func readTokenizer(text []byte) (t *hftokenizer.Tokenizer, err error) {
	defer recovered(&err)
	if t, err = hftokenizer.NewFromContent(&api.Config{}, text); err != nil {
		return nil, err
	}
	return t, t.With(api.EncodeOptions{}) // no special tokens: which are added is decided here
}

func encode(t *hftokenizer.Tokenizer, text string) (tokens []int, err error) {
	defer recovered(&err)
	return t.Encode(text), nil
}

func recovered(err *error) {
	if reason := recover(); reason != nil {
		*err = fmt.Errorf("tokenizer: %v", reason)
	}
}

// addsBOS reports whether the tokenizer adds a BOS to a text: as the configuration says,
// or else as the file of the tokenizer does.
func (s *Model) addsBOS(tokenizer []byte, config *tokenizerConfig) (bool, error) {
	var file struct {
		Post postProcessor `json:"post_processor"`
	}
	if err := json.Unmarshal(tokenizer, &file); err != nil {
		return false, fmt.Errorf("check: %s: tokenizer.json: %w", s.Name, err)
	}
	inFile := file.Post.begins(s.BOS)
	switch {
	case s.BOS == "":
		return false, nil
	case config.AddBOS != nil && *config.AddBOS != inFile:
		s.Notes = append(s.Notes, fmt.Sprintf("add_bos_token is %t in tokenizer_config.json, and tokenizer.json says otherwise: programs differ", *config.AddBOS))
		return *config.AddBOS, nil
	case config.AddBOS == nil && inFile:
		s.Notes = append(s.Notes, "tokenizer_config.json has no add_bos_token, and converters to GGUF take that for false: add \"add_bos_token\": true before a conversion")
	case config.AddBOS == nil && (strings.HasPrefix(config.Class, "LlamaTokenizer") || strings.HasPrefix(config.Class, "GemmaTokenizer")):
		return true, nil // the default of these classes
	}
	return inFile, nil
}

// postProcessor is what a tokenizer adds to the tokens of a text.
type postProcessor struct {
	Type   string `json:"type"`
	Single []struct {
		SpecialToken *struct {
			ID string `json:"id"`
		} `json:"SpecialToken"`
	} `json:"single"`
	Processors []postProcessor `json:"processors"`
}

// begins reports whether a token is added before a text.
func (p *postProcessor) begins(token string) bool {
	if len(p.Single) > 0 && p.Single[0].SpecialToken != nil && p.Single[0].SpecialToken.ID == token {
		return true
	}
	return slices.ContainsFunc(p.Processors, func(q postProcessor) bool { return q.begins(token) })
}
