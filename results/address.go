package results

import (
	"fmt"
	"strconv"
	"strings"

	"nerbench/ner"
)

// Address is the address of a model's answers: the two texts that [ner.NewAnswerKey]
// takes beside the prompt. Existing stores find their answers by them, so they
// never change.
//
// A model without a digest is identified by its name, its server, and what the
// server says of it. answerBy holds what else changes an answer and is in no
// prompt; it is empty for most models.
func Address(id ner.Identity, d ner.Decoding, answerBy string) (identity, decoding string) {
	identity = id.Digest
	if identity == "" {
		identity = strings.TrimSpace(strings.Join([]string{id.Model, id.Server, id.ServerVersion, id.Address, id.Root}, " "))
	}
	decoding = fmt.Sprintf("temperature=%s seed=%d think=%v context=%d",
		strconv.FormatFloat(d.Temperature, 'g', -1, 64), d.Seed, d.Think, d.Context)
	if answerBy != "" {
		decoding += " " + answerBy
	}
	return identity, decoding
}
