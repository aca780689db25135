package site

import "encoding/json"

// The limits of a chunk of passages. A link to a passage loads two of them: one of
// texts, and one of answers. A larger passage is a chunk of its own.
const (
	chunkPassages = 500
	chunkBytes    = 20_000
)

// chunk is a data file with passages.
type chunk struct {
	Items []json.RawMessage `json:"passages"`
}

// chunkRef refers to a chunk: the number of its first passage, and its file.
type chunkRef struct {
	First int    `json:"first"`
	File  string `json:"file"`
}

// chunker collects passages into chunks, and passes each full one to write, which
// returns its file. It keeps one chunk in memory.
type chunker struct {
	write func(number int, c chunk) (file string, err error)
	refs  []chunkRef
	open  chunk
	first int // number of the first passage of the open chunk
	size  int
}

// add adds the passage with number p, counted from 0. Numbers ascend.
func (c *chunker) add(p int, item any) error {
	b, err := json.Marshal(item)
	if err != nil {
		return err
	}
	if len(c.open.Items) > 0 && (p-c.first >= chunkPassages || c.size+len(b) > chunkBytes) {
		if err := c.flush(); err != nil {
			return err
		}
	}
	if len(c.open.Items) == 0 {
		c.first = p
	}
	c.open.Items = append(c.open.Items, b)
	c.size += len(b)
	return nil
}

// flush writes the open chunk.
func (c *chunker) flush() error {
	if len(c.open.Items) == 0 {
		return nil
	}
	file, err := c.write(len(c.refs), c.open)
	c.refs = append(c.refs, chunkRef{c.first, file})
	c.open, c.size = chunk{}, 0
	return err
}
