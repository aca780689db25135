package results

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
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

// addressKey is the key of a run with the addresses of its servers.
const addressKey = "address"

const markStart = "sha256:"

// Shown are the keys of the run in what is made for others: tables, pages, signatures.
// The addresses of the servers are replaced by a mark, which is equal for equal
// addresses.
func (r RunInfo) Shown() map[string]string { return shown(r.Keys) }

// ShownFacts are the metadata of the run in what is made for others: without addresses, as
// in [RunInfo.Shown].
func (r RunInfo) ShownFacts() map[string]string {
	facts := maps.Clone(r.Facts)
	if served := facts[servedAt]; served != "" {
		facts[servedAt] = mark(served)
	}
	return facts
}

// servedAt is the fact with the addresses of servers.
const servedAt = "served_at"

// mark replaces an address by a mark, unless it is one.
func mark(address string) string {
	if strings.HasPrefix(address, markStart) {
		return address
	}
	sum := sha256.Sum256([]byte(address))
	return markStart + hex.EncodeToString(sum[:6])
}

func shown(keys map[string]string) map[string]string {
	keys = maps.Clone(keys)
	if address := keys[addressKey]; address != "" {
		keys[addressKey] = mark(address)
	}
	return keys
}
