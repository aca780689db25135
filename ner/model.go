package ner

// Identity identifies the model that answers. It becomes part of the keys of a
// run: two runs with the same identity may share answers.
type Identity struct {
	Model         string // with its runner: "ollama/NAME", "tagger"
	Digest        string // of the weights; empty if the server reports no digest
	Server        string // kind of the server
	ServerVersion string
	Context       int    // tokens; 0 if unknown or without limit
	Quantisation  string // type of the weights; empty if unknown
	// Address and Root identify a model without a digest: the URLs of its servers,
	// and the name that the servers report for the weights.
	Address, Root string
}

// Answerer names what answers the queries: "the server", "the program" (exec/NAME), or, in
// the process, "the model".
func (i Identity) Answerer() string {
	switch i.Server {
	case "in-process", "llama.cpp":
		return "the model"
	case "exec":
		return "the program"
	}
	return "the server"
}

// Decoding holds the sampling parameters of a run (docs/spec/prompts.md §2.5). All
// of them are sent, so that no default of a server applies.
type Decoding struct {
	Temperature float64
	Seed        int
	Think       bool
	// Level is the amount of thinking: low, medium or high; empty: the model's default.
	Level string
	// Context is the context length to ask the server for, in tokens; 0 where
	// the server fixes it.
	Context int
}
