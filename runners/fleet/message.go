package fleet

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"

	"nerbench/ner"
	"nerbench/runners/open"
)

// beat is a sign of life of a worker, and its state.
type beat struct {
	Protocol int
	Build    string
	Worker   string // a random id
	Node     string // the name of its machine
	Process  int
	Model    string // as the user named it
	Server   string // of the model; may be empty

	Session string // of the coordinator that it works for; empty: none yet
	Offered string // session of the coordinator to which it has sent all answers that it keeps
	Job     int    // that it works on; 0: none
	Opened  *open.Description
	Slots   int
	InWork  int
	Done    int64 // passages since its start
	Failed  int64
	Counts  map[string]int64 // of the job
	Problem string           // why it cannot work now
	Leaving bool             // it ends
}

// order is the reply to a beat.
type order struct {
	Protocol int
	Build    string
	Session  string // random for each start of a coordinator
	Refused  string // why the worker cannot take part
	Job      int    // to work on; 0: none at the moment
	Stream   string // that holds the passages of the job
	Spec     *open.Spec
	// Aggregation is that of [open.Local], a key of the run.
	Aggregation string
}

// passage is one passage in the queue.
type passage struct {
	Session string
	Ask     uint64 // number in the session
	ID      string // the same in all sessions, see passageID
	Prompts []prompt
	// Document has no gold. Models that read no prompts are asked by it; nil: there is none.
	Document *ner.Document
}

type prompt struct {
	Types  []ner.EntityType
	Prompt ner.Prompt
}

// claim says that a worker begins with a passage. The reply is "yes" if it is still wanted.
type claim struct {
	Session string
	Ask     uint64
	Node    string
}

// answer is what became of a passage.
type answer struct {
	Session     string
	Ask         uint64
	ID          string
	Worker      string
	Node        string
	Completions []ner.Completion // of the first queries
	Failure     string           // why the others have none
	// Again: another worker may do better, the passage stays in the queue. Back: the worker
	// has not tried it, since it ends.
	Again, Back bool
}

// lesson asks for a block of the documents that a model is trained on.
type lesson struct {
	Job, Block int
}

// lessonReply is a block of documents; an empty one is the last.
type lessonReply struct {
	Documents []*ner.Document
	Data      string // their fingerprint, with the last block
	Failure   string
}

// taken is the reply to an answer that the sender need not keep any longer: it is stored, or
// not wanted.
const taken = "taken"

// passageID identifies a passage by what is asked of which model.
func passageID(model string, prompts []prompt) string {
	h := sha256.New()
	h.Write([]byte(model))
	_ = json.NewEncoder(h).Encode(prompts) // they were encoded before
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// compressFrom is the size from which messages are compressed. The first byte of a
// compressed message is not that of JSON.
const compressFrom = 2 << 10

// packer and unpacker are shared: they keep buffers. Their options are valid.
var (
	packer = sync.OnceValue(func() *zstd.Encoder {
		e, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest))
		return e
	})
	unpacker = sync.OnceValue(func() *zstd.Decoder {
		d, _ := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(largestText))
		return d
	})
)

// encode returns the bytes of a message.
func encode(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("fleet: message: %w", err)
	}
	if len(text) > largestText {
		return nil, fmt.Errorf("fleet: a message of %d MB before compression: more than %d MB", len(text)>>20, largestText>>20)
	}
	if len(text) >= compressFrom {
		text = packer().EncodeAll(text, nil)
	}
	if len(text) > largest {
		return nil, fmt.Errorf("fleet: a message of %.1f MB: more than %d MB", float64(len(text))/(1<<20), largest>>20)
	}
	return text, nil
}

// decode reads a message that may be anything.
func decode(data []byte, v any) (err error) {
	if len(data) > largest {
		return fmt.Errorf("fleet: a message of %d bytes", len(data))
	}
	if len(data) > 0 && data[0] != '{' {
		if data, err = unpacker().DecodeAll(data, nil); err != nil {
			return fmt.Errorf("fleet: malformed message: %w", err)
		}
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("fleet: malformed message: %w", err)
	}
	return nil
}
