package llamacpp

import (
	"errors"
	"fmt"
	"strings"

	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners/local/llamacpp/llama"
)

// Vocabulary is the tokenizer of a GGUF file, without its weights. It is not for several
// goroutines at once. Close it to free its memory.
type Vocabulary struct {
	library    *Library
	model      llama.Model
	vocabulary llama.Vocab
}

// OpenVocabulary loads the library from a folder, and the vocabulary of a file.
func OpenVocabulary(folder, file string) (*Vocabulary, error) {
	if _, err := inspectParts(file); err != nil {
		return nil, err
	}
	library, err := Load(folder)
	if err != nil {
		return nil, err
	}
	p := library.calls.ModelDefaultParams()
	p.VocabOnly, p.GPULayers = true, 0
	library.log.take()
	var model llama.Model
	if err := library.try(func() { model = library.calls.ModelLoad(file, p) }); err != nil {
		return nil, damaged(file, err)
	}
	if model == 0 {
		reason := library.log.reason()
		if reason == "" {
			reason = "the library refuses the file without a reason"
		}
		return nil, &fault.Hint{Err: fmt.Errorf("llamacpp: %s: vocabulary: %s", file, reason), Advice: "llama.cpp " + Build + " may not support the model"}
	}
	return &Vocabulary{library: library, model: model, vocabulary: library.calls.ModelVocab(model)}, nil
}

// Count is the number of tokens of a completion prompt, with those that the vocabulary
// adds.
func (v *Vocabulary) Count(p *ner.Prompt) (int, error) {
	if p.Chat() {
		return 0, errors.New("llamacpp: vocabulary: a chat has no tokens before its template is applied")
	}
	tokens, err := v.library.calls.Tokens(v.vocabulary, p.Text, true)
	return len(tokens), err
}

// Tokens splits a text into tokens, with those that the vocabulary adds to a prompt if begin
// is set.
func (v *Vocabulary) Tokens(text string, begin bool) ([]int, error) {
	tokens, err := v.library.calls.Tokens(v.vocabulary, strings.ToValidUTF8(text, "\uFFFD"), begin)
	if err != nil {
		return nil, fmt.Errorf("llamacpp: vocabulary: %w", err)
	}
	ids := make([]int, len(tokens))
	for i, t := range tokens {
		ids[i] = int(t)
	}
	return ids, nil
}

// ChatTemplate is the source of the chat template in the file; empty: there is none.
func (v *Vocabulary) ChatTemplate() string { return v.library.calls.ModelChatTemplate(v.model, 0) }

// Ends are the texts of the tokens that begin and end a text; empty: there are none.
func (v *Vocabulary) Ends() (bos, eos string) {
	lib := v.library.calls
	return lib.Text(v.vocabulary, lib.VocabBOS(v.vocabulary)), lib.Text(v.vocabulary, lib.VocabEOS(v.vocabulary))
}

// Close frees the vocabulary.
func (v *Vocabulary) Close() { v.library.free(func() { v.library.calls.ModelFree(v.model) }) }
