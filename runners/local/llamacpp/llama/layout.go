package llama

// The build of llama.cpp that has the structures in this file. They are passed by value,
// so a library of another build could crash the program.
const (
	WantLlama = "0.5.0-dev"
	WantGGML  = "0.25.1 0ad4a86" // version and commit
)

// Build names the build.
const Build = WantLlama + " (ggml " + WantGGML + ")"

// Numbers of llama.cpp.
type (
	Token int32
	Pos   int32 // position of a token in its sequence
	SeqID int32 // sequence
)

// Handles of objects of llama.cpp; 0 means none.
type (
	Model   uintptr
	Context uintptr
	Vocab   uintptr
	Memory  uintptr
	Sampler uintptr
	Device  uintptr
)

// SplitMode is how several GPUs share a model (enum llama_split_mode).
type SplitMode int32

// The split modes.
const (
	SplitModeNone SplitMode = iota
	SplitModeLayer
	SplitModeRow
)

// FlashAttention is when flash attention is used (enum llama_flash_attn_type).
type FlashAttention int32

// The uses of flash attention.
const (
	FlashAttentionAuto FlashAttention = iota - 1
	FlashAttentionOff
	FlashAttentionOn
)

// LogLevel is the level of a message (enum ggml_log_level).
type LogLevel int32

// The levels that the program reads.
const (
	LogLevelInfo  LogLevel = 2
	LogLevelError LogLevel = 4
)

// DeviceType is the type of a device (enum ggml_backend_dev_type).
type DeviceType int32

// The types of devices. An integrated GPU shares the memory of the processor.
const (
	DeviceCPU DeviceType = iota
	DeviceGPU
	DeviceIntegratedGPU
)

// ModelParams is struct llama_model_params. Go and C lay out these fields in the
// same way: each is aligned to its size.
type ModelParams struct {
	Devices              uintptr // list of devices that ends with 0
	BufferOverrides      uintptr
	GPULayers            int32 // below 0: all
	SplitMode            SplitMode
	LoadMode             int32
	LazyMode             int32
	MainGPU              int32
	TensorSplit          uintptr
	ProgressCallback     uintptr
	ProgressCallbackData uintptr
	KeyOverrides         uintptr
	VocabOnly            bool
	CheckTensors         bool
	ExtraBuffers         bool
	NoHost               bool
	NoAlloc              bool
	LoadMTP              bool // layers for multi-token prediction
}

// ContextParams is struct llama_context_params.
type ContextParams struct {
	Cells            uint32 // n_ctx: tokens in memory
	Batch            uint32 // largest number of tokens of a batch
	MicroBatch       uint32 // largest number of tokens that are computed at once
	Sequences        uint32
	StateSnapshots   uint32
	Outputs          uint32 // largest number of tokens of a batch that are continued
	SequenceOutputs  uint32
	Threads          int32
	ThreadsBatch     int32
	ContextType      int32
	RopeScaling      int32
	Pooling          int32
	Attention        int32
	FlashAttention   FlashAttention
	RopeFreqBase     float32
	RopeFreqScale    float32
	YarnExtFactor    float32
	YarnAttnFactor   float32
	YarnBetaFast     float32
	YarnBetaSlow     float32
	YarnOriginal     uint32
	DefragThreshold  float32
	EvalCallback     uintptr
	EvalCallbackData uintptr
	TypeK            int32 // type of the keys in memory (enum ggml_type)
	TypeV            int32
	AbortCallback    uintptr
	AbortData        uintptr
	Embeddings       bool
	OffloadKQV       bool // the memory is on the GPU
	NoPerf           bool // times are not measured
	OffloadOps       bool
	FullSWA          bool
	UnifiedKV        bool // the sequences share one memory
	Samplers         uintptr
	SamplerCount     uint64
	Other            Context
}

// ChainParams is struct llama_sampler_chain_params.
type ChainParams struct{ NoPerf bool }

// Candidate is struct llama_token_data: a token that may come next.
type Candidate struct {
	Token       Token
	Logit       float32
	Probability float32
}

// Candidates is struct llama_token_data_array.
type Candidates struct {
	List     *Candidate
	Size     uint64
	Selected int64 // -1: none
	Sorted   bool
}

// BatchData is struct llama_batch: tokens to compute, in arrays of the library. [Batch]
// fills it.
type BatchData struct {
	Count         int32
	Tokens        *Token
	Embeddings    *float32
	Positions     *Pos
	SequenceCount *int32  // for each token
	Sequences     **SeqID // for each token
	Continued     *int8   // not 0: compute the logits of the token
}
