package ner

// Identity is what is known of the model that answers. It enters the keys of
// a run: two runs of equal identity may share answers.
type Identity struct {
	Model         string // with its runner: "ollama/NAME", "tagger"
	Digest        string // of the weights, empty if the server has none
	Server        string // kind of the server
	ServerVersion string
	Context       int    // tokens; 0 if unknown or without limit
	Quantisation  string // type of the weights; empty if unknown
	// Address and Root say more of a model without a digest: the URLs of its
	// servers, and the weights as they name them.
	Address, Root string
}

// Decoding holds the sampling parameters of a run (docs/spec/prompts.md §2.5). All of
// them are sent, none is left to a server's default.
type Decoding struct {
	Temperature float64
	Seed        int
	Think       bool
	// Context is the context length to ask the server for, in tokens; 0 where
	// the server fixes it.
	Context int
}
