package faults

import (
	"io"
	"log"
)

// quiet takes what a server logs of the faults that it was made for.
var quiet = log.New(io.Discard, "", 0)
