package faults

import (
	"io"
	"log"
)

// quiet discards the log of a server, since its faults are intended.
var quiet = log.New(io.Discard, "", 0)
