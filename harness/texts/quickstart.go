package texts

import (
	"fmt"
	"io"
)

// WriteQuickstart prints the files that quickstart wrote, and what to do next.
func WriteQuickstart(w io.Writer, store, page string) error {
	_, err := fmt.Fprintf(w, `
wrote %s (all answers) and %s (open it in a browser)

The passages are invented, so these scores only show that the program works.
next:  nerbench datasets list                    list the 49 datasets and the state of their data
       nerbench run -m ollama/MODEL -d DATASET   run a model of an Ollama server
       nerbench runs list                        list the runs in the store
`, store, page)
	return err
}
