package open

import (
	"context"
	"os"
	"strconv"

	"nerbench/runners"
	"nerbench/runners/local/llamacpp"
)

// LlamaFolders are the folders in which llama.cpp is searched, in this order: named, or
// else that of NERBENCH_LLAMA_LIB; the user's cache folder; those of the system.
func LlamaFolders(named string, getenv func(string) string) ([]string, error) {
	if named == "" {
		named = getenv("NERBENCH_LLAMA_LIB")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = "" // no cache folder
	}
	return llamacpp.Find(named, cache)
}

// openGGUF opens a model in a file, with a context for the longest prompt.
func openGGUF(ctx context.Context, s Spec) (*Model, error) {
	info, err := llamacpp.Inspect(s.rest)
	if err != nil {
		return nil, err
	}
	folders, err := LlamaFolders(s.Local.Library, s.Getenv)
	if err != nil {
		return nil, err
	}
	config := llamacpp.Config{
		File: s.rest, Library: folders[0], Decoding: s.Decoding, LongestAnswer: s.LongestAnswer,
		GPULayers: s.Local.GPULayers, MainGPU: s.Local.MainGPU, Split: s.Local.Split,
		Threads: s.Local.Threads, Sequences: s.Local.Sequences,
	}
	if config.Decoding.Context == 0 {
		config.Decoding.Context = runners.ContextFor(shorter(info.Context, s.MadeFor), s.Longest, s.LongestAnswer)
	}
	r, err := reopen(ctx, s.Kept, config, llamacpp.Open)
	if err != nil {
		return nil, err
	}
	if s.Example.Chat() {
		if err := r.Chats(); err != nil {
			s.Kept.release(r)
			return nil, err
		}
	}
	connections := s.Connections
	if connections == 0 {
		connections = r.Sequences() // with a family of layout "all", a passage has one query
	}
	special, err := r.Special(s.Special)
	if err != nil {
		s.Kept.release(r)
		return nil, err
	}
	s.noteSpecial(special)
	return &Model{
		Identity: r.Identity(), Decoding: config.Decoding, Runner: r, Special: special, Slots: runners.NewFixed(connections), close: func() { s.Kept.release(r) },
		facts:   map[string]string{"device": r.Device(), "decoding": r.Sent(), "batch": strconv.Itoa(r.Sequences()), "special_tokens": special.String()},
		written: func() int64 { return r.Usage().Answers },
		counts: func() map[string]int64 {
			u := r.Usage()
			return map[string]int64{"prompt_tokens": u.Prompts, "prompt_tokens_computed": u.Computed, "prompt_tokens_distinct": u.Distinct}
		},
	}, nil
}

// Vocabulary is the tokenizer of a GGUF file.
type Vocabulary = llamacpp.Vocabulary

// OpenVocabulary opens the vocabulary of a GGUF file with the library of [LlamaFolders].
func OpenVocabulary(file, library string, getenv func(string) string) (*Vocabulary, error) {
	folders, err := LlamaFolders(library, getenv)
	if err != nil {
		return nil, err
	}
	return llamacpp.OpenVocabulary(folders[0], file)
}
