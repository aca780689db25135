package results

import (
	"fmt"
	"strconv"
	"strings"

	"nerbench/ner"
)

// Address returns the two texts that identify a model's answers; [ner.NewAnswerKey]
// combines them with the prompt. Existing stores find their answers by these texts,
// so they must never change.
//
// A model without a digest is identified by its name, its server, and the version,
// addresses and root that the server reports. answerBy holds other settings that
// change an answer and are not in the prompt; it is empty for most models.
func Address(id ner.Identity, d ner.Decoding, answerBy string) (identity, decoding string) {
	identity = id.Digest
	if identity == "" {
		identity = strings.TrimSpace(strings.Join([]string{id.Model, id.Server, id.ServerVersion, id.Address, id.Root}, " "))
	}
	think := d.Level
	if think == "" {
		think = strconv.FormatBool(d.Think)
	}
	decoding = fmt.Sprintf("temperature=%s seed=%d think=%s context=%d",
		strconv.FormatFloat(d.Temperature, 'g', -1, 64), d.Seed, think, d.Context)
	if answerBy != "" {
		decoding += " " + answerBy
	}
	return identity, decoding
}
