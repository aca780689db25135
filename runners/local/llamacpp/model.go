package llamacpp

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"nerbench/internal/checksum"
	"nerbench/internal/fault"
	"nerbench/internal/parallel"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/local/llamacpp/llama"
)

// Kind is the kind of server in the keys of a run.
const Kind = "llama.cpp"

// Config holds the settings of a model.
type Config struct {
	File    string // GGUF file; of a split model, the first part
	Library string // folder, see [Find]
	// Decoding is used for every query. Its Context is the largest number of tokens
	// of a prompt and its answer; it must be set.
	Decoding runners.Decoding
	// LongestAnswer is the largest MaxTokens of the queries. It determines the memory
	// of sequences. 0 stands for 256.
	LongestAnswer int
	// GPULayers is the number of layers on the GPU; below 0: all, if there is a GPU.
	GPULayers int
	// MainGPU is the GPU of a model that is not split, from 0.
	MainGPU int
	// Split is how several GPUs share the model: "none", "layer" or "row"; empty:
	// layer.
	Split string
	// Threads is the number of threads that compute; 0: one per processor.
	Threads int
	// Sequences is the number of queries that are answered at once; 0 stands for
	// [DefaultSequences].
	Sequences int
}

// DefaultSequences is the default number of queries that are answered at once. More
// sequences gained little on CPUs and weak GPUs (see docs/benchmarks.md).
const DefaultSequences = 16

const (
	defaultAnswer = 256
	// suffixRoom is the number of tokens that are reserved for a query after the
	// prefixes that it shares. If queries are longer, fewer are answered at once.
	suffixRoom = 64
	mostBatch  = 512 // tokens that are computed in one step
)

// splits are the values of [Config.Split].
var splits = map[string]llama.SplitMode{
	"": llama.SplitModeLayer, "none": llama.SplitModeNone, "layer": llama.SplitModeLayer, "row": llama.SplitModeRow,
}

// Runner runs one model. It is a [runners.Runner]. Close it to free the memory of the
// model.
type Runner struct {
	config     Config
	info       Info
	digest     string
	library    *Library
	model      llama.Model
	vocabulary llama.Vocab
	offloaded  string // layers on the GPU, by the log of the library; empty: unknown
	chat       chat
	stamp      checksum.Stamp // of the files, before they were read
	engine     *engine        // of the configuration; nil: none

	using   sync.RWMutex // locked for reading during tokenization
	closed  bool
	unsound atomic.Bool // a passage has no answer
}

// Open loads the library and a model. Most errors about the file, the library or the
// machine have a [fault.Hint].
func Open(ctx context.Context, c Config) (*Runner, error) {
	split, ok := splits[c.Split]
	if !ok {
		return nil, fmt.Errorf("llamacpp: split %q: want none, layer or row", c.Split)
	}
	info, err := inspectParts(c.File)
	if err != nil {
		return nil, err
	}
	if !info.Causal {
		return nil, &fault.Hint{
			Err:    fmt.Errorf("llamacpp: %s: an embedding model (%s): it generates no text", c.File, info.Architecture),
			Advice: "name a model that generates text",
		}
	}
	if err := c.check(info); err != nil {
		return nil, err
	}
	stamp, err := checksum.StampOf(parts(c.File)...)
	if err != nil {
		return nil, fmt.Errorf("llamacpp: %w", err)
	}
	digest := hashing(ctx, c.File)
	defer digest()
	library, err := Load(c.Library)
	if err != nil {
		return nil, err
	}
	r := &Runner{config: c, info: info, library: library, stamp: stamp}
	if err := r.load(split); err != nil {
		return nil, err
	}
	if r.digest, err = digest(); err == nil {
		err = r.start()
	}
	if err != nil {
		library.free(func() { library.calls.ModelFree(r.model) })
		return nil, err
	}
	return r, nil
}

// check checks the context for a model.
func (c Config) check(info Info) error {
	if c.Decoding.Context <= 0 {
		return fmt.Errorf("llamacpp: %s: context: must be set", c.File)
	}
	if most := info.Context; most > 0 && c.Decoding.Context > most {
		return &fault.Hint{
			Err:    fmt.Errorf("llamacpp: %s: context of %d tokens: the model was trained for %d", c.File, c.Decoding.Context, most),
			Advice: "omit --context: longer prompts are counted as too long, not cut",
		}
	}
	return nil
}

// hashing computes the digest of a file while the model is loaded. It returns a function
// that waits for the digest; it may be called several times.
func hashing(ctx context.Context, file string) (wait func() (string, error)) {
	var digest string
	done := parallel.Go(func() (err error) {
		digest, err = Digest(ctx, file)
		return err
	})
	return sync.OnceValues(func() (string, error) {
		err := <-done
		return digest, err
	})
}

// load loads the weights.
func (r *Runner) load(split llama.SplitMode) error {
	c := r.config
	gpus := slices.DeleteFunc(r.library.Devices(), func(d Device) bool { return !d.GPU })
	if c.GPULayers > 0 && len(gpus) == 0 {
		return &fault.Hint{
			Err:    fmt.Errorf("llamacpp: %d layers on the GPU: the library in %s finds no GPU", c.GPULayers, r.library.Folder),
			Advice: "\"nerbench doctor\" lists the devices; CUDA and Vulkan need other libraries: make llama-libs KIND=vulkan",
		}
	}
	if c.MainGPU < 0 || c.MainGPU > 0 && c.MainGPU >= len(gpus) {
		return fmt.Errorf("llamacpp: main GPU %d: the library finds %d", c.MainGPU, len(gpus))
	}
	p := r.library.calls.ModelDefaultParams()
	if c.GPULayers >= 0 {
		p.GPULayers = int32(c.GPULayers)
	}
	p.SplitMode, p.MainGPU = split, int32(c.MainGPU)
	r.library.log.take()
	var model llama.Model
	if err := r.library.try(func() { model = r.library.calls.ModelLoad(c.File, p) }); err != nil {
		return damaged(c.File, err)
	}
	if model == 0 {
		return r.refused()
	}
	r.model, r.vocabulary = model, r.library.calls.ModelVocab(model)
	r.offloaded = r.library.log.offload()
	if r.library.calls.ModelHasEncoder(model) {
		r.library.calls.ModelFree(model)
		return fmt.Errorf("llamacpp: %s: the model has an encoder (%s): only decoders are supported", c.File, r.info.Architecture)
	}
	r.chat.open(r.library.calls, r.model, r.vocabulary)
	return nil
}

// refused is the error of a model that the library refused.
func (r *Runner) refused() error {
	reason := r.library.log.reason()
	if reason == "" {
		reason = "the library refuses the model without a reason"
	}
	hint := &fault.Hint{Err: fmt.Errorf("llamacpp: %s: %s", r.config.File, reason)}
	switch low := strings.ToLower(reason); {
	case strings.Contains(low, "unknown model architecture"):
		hint.Advice = "llama.cpp " + Build + " does not support it: try a newer nerbench, or serve the model with vllm/ or ollama/"
	case strings.Contains(low, "alloc") || strings.Contains(low, "memory"):
		hint.Advice = outOfMemory
	default:
		hint.Advice = mayBeDamaged
	}
	return hint
}

// damaged is the error of a file at which the library failed.
func damaged(file string, err error) error {
	return &fault.Hint{Err: fmt.Errorf("llamacpp: %s: %w", file, err), Advice: mayBeDamaged}
}

const mayBeDamaged = "the file may be truncated or damaged: download it again"

const outOfMemory = "use a smaller file (Q4_K_M), fewer --gpu-layers, fewer --sequences, or a shorter --context"

// start creates the context and the engine.
func (r *Runner) start() error {
	c := r.config
	if c.Threads <= 0 {
		c.Threads = runtime.GOMAXPROCS(0)
	}
	if c.Sequences <= 0 {
		c.Sequences = DefaultSequences
	}
	if c.LongestAnswer <= 0 {
		c.LongestAnswer = defaultAnswer
	}
	r.config = c
	if c.Sequences > mostSequences {
		return fmt.Errorf("llamacpp: %d sequences: at most %d", c.Sequences, mostSequences)
	}
	// Enough for one passage that fills its context, and for queries of other passages.
	cells := c.Decoding.Context + (c.Sequences-1)*(c.LongestAnswer+suffixRoom) + c.Decoding.Context
	if cells > math.MaxInt32 {
		return &fault.Hint{Err: fmt.Errorf("llamacpp: %s: %d tokens of context: at most %d", c.File, cells, math.MaxInt32), Advice: outOfMemory}
	}
	p := r.library.calls.ContextDefaultParams()
	p.Cells, p.Batch, p.MicroBatch = uint32(cells), mostBatch, mostBatch
	sequences := min(4*c.Sequences+16, librarySequences) // for answers, and for the prefixes of prompts
	if r.recurrent() {
		sequences = 2 * c.Sequences // each has the memory of a whole state, and no prefix is kept
	}
	p.Sequences, p.Outputs = uint32(sequences), uint32(sequences) // the library wants an output for each
	p.FullSWA = true                                              // a prefix is used again however long the text after it was
	p.Threads, p.ThreadsBatch = int32(c.Threads), int32(c.Threads)
	p.UnifiedKV, p.NoPerf = true, true
	if r.offloaded == "" {
		// On CPUs, flash attention would save a sixth of the time, since a token is computed
		// against its own memory and not that of all queries in progress. But it rounds more:
		// answers then depend on what else is in progress, and more long answers differ from
		// those in full precision.
		p.FlashAttention = llama.FlashAttentionOff
		p.OffloadOps, p.OffloadKQV = false, false // with no layer on the GPU, nothing else is there
	}
	r.library.log.take()
	var lctx llama.Context
	if err := r.library.try(func() { lctx = r.library.calls.ContextInit(r.model, p) }); err != nil {
		return damaged(c.File, err)
	}
	if lctx == 0 {
		reason := r.library.log.reason()
		if reason == "" {
			reason = "the library gives no reason"
		}
		return &fault.Hint{
			Err:    fmt.Errorf("llamacpp: %s: not enough memory for %d tokens of context (%d queries at once): %s", c.File, cells, c.Sequences, reason),
			Advice: outOfMemory,
		}
	}
	r.engine = newEngine(r, lctx, cells, sequences)
	r.engine.ended = parallel.Go(func() error { r.engine.run(); return nil })
	return nil
}

// recurrent reports whether the memory of the model has a state per sequence.
func (r *Runner) recurrent() bool {
	return r.library.calls.ModelIsRecurrent(r.model) || r.library.calls.ModelIsHybrid(r.model)
}

// Close cancels queries in progress and frees the memory of the model.
func (r *Runner) Close() {
	r.using.Lock()
	defer r.using.Unlock()
	if r.closed {
		return
	}
	r.closed = true
	if r.engine != nil {
		r.engine.end()
	}
	r.chat.close()
	r.library.free(func() { r.library.calls.ModelFree(r.model) })
}

// Identity identifies the model by the bytes of its file, and the library by its build.
func (r *Runner) Identity() runners.Identity {
	id := runners.Identity{
		Model: ModelName(r.config.File), Digest: r.digest, Server: Kind, ServerVersion: Build, Context: r.info.Context,
	}
	if r.info.FileType >= 0 {
		id.Quantisation = r.library.calls.FtypeName(int32(r.info.FileType)) // the type of most weights
	}
	return id
}

// Special is how the vocabulary splits special tokens and the texts that should be one
// token each.
func (r *Runner) Special(texts []string) (*runners.Special, error) {
	return runners.SpecialOf(texts, func(text string, added bool) (int, error) {
		tokens, err := r.library.calls.Tokens(r.vocabulary, text, added)
		return len(tokens), err
	})
}

// Sent are the sampling parameters of every query, with the names of the other runners.
func (r *Runner) Sent() string {
	d := r.config.Decoding
	return fmt.Sprintf("temperature=%g top_p=1 top_k=0 min_p=0 repeat_penalty=1 presence_penalty=0 frequency_penalty=0 seed=%d num_ctx=%d", d.Temperature, d.Seed, d.Context)
}

// Device describes the devices that compute, and the number of layers on GPUs.
func (r *Runner) Device() string {
	var names []string
	for _, d := range r.library.Devices() {
		if d.GPU == (r.offloaded != "") {
			names = append(names, d.Name+" "+d.Description)
		}
	}
	out := strings.Join(names, ", ")
	if r.offloaded != "" {
		out += ": " + r.offloaded
	}
	return out
}

// Sequences is the number of queries that are answered at once.
func (r *Runner) Sequences() int { return r.config.Sequences }

// Usage counts the tokens computed so far.
func (r *Runner) Usage() Usage { return r.engine.usage() }

// Complete implements [runners.Runner].
func (r *Runner) Complete(ctx context.Context, queries []ner.Query) ([]ner.Completion, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p, err := r.prepare(ctx, queries)
	if err != nil {
		r.unsound.Store(true)
		return nil, fmt.Errorf("llamacpp: %s: %w: %w", r.config.File, err, runners.ErrFatal)
	}
	done, err := r.engine.ask(ctx, p)
	if err != nil && ctx.Err() == nil {
		r.unsound.Store(true)
		err = fmt.Errorf("llamacpp: %s: %w", r.config.File, err)
	}
	return done, err
}

// prepare makes a passage of queries, unless the model is closed.
func (r *Runner) prepare(ctx context.Context, queries []ner.Query) (*passage, error) {
	r.using.RLock()
	defer r.using.RUnlock()
	if r.closed || r.engine == nil {
		return nil, errClosed
	}
	return r.newPassage(ctx, queries, time.Now())
}
