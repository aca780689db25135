package llama

import (
	"fmt"
	"reflect"

	"github.com/ebitengine/purego"
)

// BaseFunctions are the functions of libggml-base. Each field's tag is the name in
// C.
type BaseFunctions struct {
	SetAbort          func(callback uintptr) uintptr           `c:"ggml_set_abort_callback"` // returns the former one
	DeviceName        func(Device) string                      `c:"ggml_backend_dev_name"`
	DeviceDescription func(Device) string                      `c:"ggml_backend_dev_description"`
	DeviceType        func(Device) DeviceType                  `c:"ggml_backend_dev_type"`
	DeviceMemory      func(device Device, free, total *uint64) `c:"ggml_backend_dev_memory"`
}

// GGMLFunctions are the functions of libggml.
type GGMLFunctions struct {
	LoadBackends func(folder string)       `c:"ggml_backend_load_all_from_path"`
	DeviceCount  func() uint64             `c:"ggml_backend_dev_count"`
	DeviceAt     func(index uint64) Device `c:"ggml_backend_dev_get"`
}

// LlamaFunctions are the functions of libllama.
type LlamaFunctions struct {
	BackendInit func()                       `c:"llama_backend_init"`
	LogSet      func(callback, data uintptr) `c:"llama_log_set"`
	FtypeName   func(code int32) string      `c:"llama_ftype_name"`

	ModelDefaultParams func() ModelParams                     `c:"llama_model_default_params"`
	ModelLoad          func(file string, p ModelParams) Model `c:"llama_model_load_from_file"`
	ModelFree          func(Model)                            `c:"llama_model_free"`
	ModelVocab         func(Model) Vocab                      `c:"llama_model_get_vocab"`
	ModelHasEncoder    func(Model) bool                       `c:"llama_model_has_encoder"`
	ModelIsRecurrent   func(Model) bool                       `c:"llama_model_is_recurrent"`
	ModelIsHybrid      func(Model) bool                       `c:"llama_model_is_hybrid"`
	ModelChatTemplate  func(model Model, name uintptr) string `c:"llama_model_chat_template"` // name 0: the default template

	ContextDefaultParams func() ContextParams                               `c:"llama_context_default_params"`
	ContextInit          func(Model, ContextParams) Context                 `c:"llama_init_from_model"`
	ContextFree          func(Context)                                      `c:"llama_free"`
	ContextMemory        func(Context) Memory                               `c:"llama_get_memory"`
	MemoryRemove         func(m Memory, seq SeqID, from, to Pos) bool       `c:"llama_memory_seq_rm"`
	MemoryCopy           func(m Memory, source, target SeqID, from, to Pos) `c:"llama_memory_seq_cp"`

	BatchInit func(tokens, embeddings, sequences int32) BatchData `c:"llama_batch_init"`
	BatchFree func(BatchData)                                     `c:"llama_batch_free"`
	Decode    func(Context, BatchData) int32                      `c:"llama_decode"`
	LogitsAt  func(ctx Context, place int32) *float32             `c:"llama_get_logits_ith"`

	VocabBOS   func(Vocab) Token                                                                           `c:"llama_vocab_bos"`
	VocabEOS   func(Vocab) Token                                                                           `c:"llama_vocab_eos"`
	VocabSize  func(Vocab) int32                                                                           `c:"llama_vocab_n_tokens"`
	TokenText  func(Vocab, Token) string                                                                   `c:"llama_vocab_get_text"`
	TokenEnds  func(Vocab, Token) bool                                                                     `c:"llama_vocab_is_eog"`
	TokenPiece func(v Vocab, t Token, into *byte, room, strip int32, special bool) int32                   `c:"llama_token_to_piece"`
	Tokenize   func(v Vocab, text *byte, length int32, into *Token, room int32, begin, special bool) int32 `c:"llama_tokenize"`

	ChainDefaultParams func() ChainParams                              `c:"llama_sampler_chain_default_params"`
	ChainInit          func(ChainParams) Sampler                       `c:"llama_sampler_chain_init"`
	ChainAdd           func(chain, part Sampler)                       `c:"llama_sampler_chain_add"`
	SamplerGreedy      func() Sampler                                  `c:"llama_sampler_init_greedy"`
	SamplerDist        func(seed uint32) Sampler                       `c:"llama_sampler_init_dist"`
	SamplerTemp        func(temperature float32) Sampler               `c:"llama_sampler_init_temp"`
	SamplerGrammar     func(v Vocab, grammar, root string) Sampler     `c:"llama_sampler_init_grammar"`
	SamplerSample      func(s Sampler, ctx Context, place int32) Token `c:"llama_sampler_sample"`
	SamplerAccept      func(Sampler, Token)                            `c:"llama_sampler_accept"`
	SamplerApply       func(Sampler, *Candidates)                      `c:"llama_sampler_apply"`
	SamplerFree        func(Sampler)                                   `c:"llama_sampler_free"`
}

// The functions that return the build. They have no arguments, so they can be called
// before the build is known.
type (
	baseBuild struct {
		Version func() string `c:"ggml_version"`
		Commit  func() string `c:"ggml_commit"`
	}
	llamaBuild struct {
		Version func() string `c:"llama_version"`
	}
)

// bind binds the functions of a structure to a library.
func bind(library uintptr, functions any) error {
	v := reflect.ValueOf(functions).Elem()
	for i := range v.NumField() {
		address, err := symbol(library, v.Type().Field(i).Tag.Get("c"))
		if err != nil {
			return fmt.Errorf("is another build: %w", err)
		}
		purego.RegisterFunc(v.Field(i).Addr().Interface(), address)
	}
	return nil
}
