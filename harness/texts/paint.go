package texts

// Colour is a colour of a terminal.
type Colour string

// The colours. All sequences are equally long, so that columns stay aligned: the usual
// colour of text is one of them.
const (
	Usual  Colour = "39"
	Red    Colour = "31"
	Green  Colour = "32"
	Yellow Colour = "33"
	Cyan   Colour = "36"
)

// Paint gives a text a colour, where the stream that it goes to has colours.
type Paint func(c Colour, text string) string
