package submissions

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"nerbench/bundles"
	"nerbench/harness"
	"nerbench/harness/loop"
	"nerbench/internal/atomicfile"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/metrics/stats"
	"nerbench/ner"
	"nerbench/runners/open"
)

// Attestation is a signed record: a model was asked passages of a bundle again.
type Attestation struct {
	Format int    `json:"format"` // bundles.Format
	Tool   string `json:"tool"`
	Bundle string `json:"bundle"` // digest of the bundle
	// Model is the name of the model that was asked, Digest that of its weights; empty: it
	// was identified by its name.
	Model  string `json:"model"`
	Digest string `json:"digest,omitempty"`
	// Equal of Spot passages were answered in the same way.
	Spot  int `json:"spot"`
	Equal int `json:"equal"`
	// Metric is the metric of F1, which is the mean over the runs: of the bundle and of the
	// answers now. P is that of the paired test of both.
	Metric   string        `json:"metric"`
	F1Bundle *float64      `json:"f1_bundle"`
	F1Now    *float64      `json:"f1_now"`
	P        float64       `json:"p"`
	Runs     []AttestedRun `json:"runs"`
}

// AttestedRun has the passages of one run that were asked again.
type AttestedRun struct {
	ID       string    `json:"id"`
	Dataset  string    `json:"dataset"`
	Passages []int     `json:"passages"` // indexes, in order
	Equal    int       `json:"equal"`
	Bundle   ner.Score `json:"bundle"` // counts of the bundle's answers
	Now      ner.Score `json:"now"`
}

// AttestRequest describes an attestation.
type AttestRequest struct {
	File string
	Spot int // number of passages to ask again
	// Request has the model and how its server is reached; the rest is that of the runs.
	Request harness.Request
	Tool    string
	Key     *bundles.Key
	// Out is the file of the record; empty: the name of the bundle with another ending. The
	// signature has the same name and the ending .sig.
	Out string
}

// attestationEnding is the ending of the files of records.
const attestationEnding = ".attestation.json"

// Attest asks a model passages of a bundle again, and writes the signed record.
func Attest(ctx context.Context, b *harness.Bench, r AttestRequest) (a Attestation, file string, err error) {
	opened, err := bundles.Open(ctx, r.File)
	if err != nil {
		return a, "", err
	}
	defer opened.Close()
	file = cmp.Or(r.Out, strings.TrimSuffix(r.File, ".nbz")+attestationEnding)
	if err := checkRecord(file); err != nil {
		return a, "", err
	}
	m := opened.Manifest
	for _, run := range m.Runs {
		if ner.Imported(run.Keys) {
			return a, "", fmt.Errorf("bundle: %s: run %s on %s was imported from a file: there is no model to ask again", r.File, run.ID, run.Dataset())
		}
	}
	a = Attestation{Format: bundles.Format, Tool: cmp.Or(r.Tool, "unknown"), Bundle: opened.Digest, Metric: "span_f1", Model: modelName(r.Request.Plan.Model), Runs: []AttestedRun{}}
	var pairs []stats.Dataset
	drawn := Draw(m, opened.Digest, r.Spot)
	if r.Request.Kept == nil {
		r.Request.Kept = &open.Kept{}
		defer r.Request.Kept.Close()
	}
	for i := range m.Runs {
		run := &m.Runs[i]
		if len(drawn[run.ID]) == 0 {
			continue
		}
		attested, pair, identity, err := attestRun(ctx, b, r.Request, opened, run, drawn[run.ID])
		if err != nil {
			return a, "", fmt.Errorf("bundle: %s: run %s on %s: %w", r.File, run.ID, run.Dataset(), err)
		}
		if run.Keys["training"] == "" {
			a.Digest = identity.Digest
		}
		a.Spot, a.Equal = a.Spot+len(attested.Passages), a.Equal+attested.Equal
		a.Runs, pairs = append(a.Runs, attested), append(pairs, pair)
	}
	a.F1Bundle, a.F1Now = mean(a.Runs, func(r AttestedRun) ner.Score { return r.Bundle }), mean(a.Runs, func(r AttestedRun) ner.Score { return r.Now })
	a.P = stats.Compare(pairs).P
	return a, file, writeAttestation(file, a, r.Key)
}

// mean is the mean of F1 over runs that have one; nil: none has.
func mean(runs []AttestedRun, of func(AttestedRun) ner.Score) *float64 {
	sum, n := 0.0, 0
	for _, r := range runs {
		if v := f1(of(r)); v != nil {
			sum, n = sum+*v, n+1
		}
	}
	if n == 0 {
		return nil
	}
	sum /= float64(n)
	return &sum
}

// Draw draws passages of all runs of a bundle: without replacement, by stream 0
// (docs/spec/metrics.md §12.2) of the seed H(0, "spot", digest) (docs/spec/prompts.md
// §2.2). It returns their indexes, in order, by the id of the run.
func Draw(m *bundles.Manifest, digest string, n int) map[string][]int {
	total := 0
	for _, r := range m.Runs {
		total += r.Passages
	}
	stream := stats.NewStream(ner.Hash(0, "spot", digest), 0)
	moved := map[int]int{} // the first places of a list of all passages that is shuffled
	at := func(i int) int {
		if v, there := moved[i]; there {
			return v
		}
		return i
	}
	drawn := map[string][]int{}
	for i := range min(n, total) {
		j := i + stream.Index(total-i)
		passage := at(j)
		moved[j] = at(i)
		for _, r := range m.Runs {
			if passage < r.Passages {
				drawn[r.ID] = append(drawn[r.ID], passage)
				break
			}
			passage -= r.Passages
		}
	}
	for _, list := range drawn {
		slices.Sort(list)
	}
	return drawn
}

// attestRun asks passages of one run again, and compares.
func attestRun(ctx context.Context, b *harness.Bench, request harness.Request, opened *bundles.Bundle, run *bundles.Run, drawn []int) (AttestedRun, stats.Dataset, ner.Identity, error) {
	out := AttestedRun{ID: run.ID, Dataset: run.Dataset(), Passages: drawn}
	pair := stats.Dataset{Seed: stats.DatasetSeed(0, run.Dataset())}
	wanted := func(i int) bool { _, found := slices.BinarySearch(drawn, i); return found }
	dataset, err := b.FindDataset(run.Dataset())
	if err != nil {
		return out, pair, ner.Identity{}, &fault.DataError{Err: err}
	}
	plan, passages, _, err := b.PlanOfRun(ctx, dataset, infoOf(run))
	if err == nil && passages != run.Passages {
		err = fmt.Errorf("%d passages, the data has %d", run.Passages, passages)
	}
	if err != nil {
		return out, pair, ner.Identity{}, err
	}
	parser, err := loop.NewPassageParser(plan.Parsing)
	if err != nil {
		return out, pair, ner.Identity{}, err
	}
	now, identity, err := askAgain(ctx, b, request, dataset, run, wanted)
	if err != nil {
		return out, pair, identity, err
	}
	types := append(dataset.Types(), ner.Unknown)
	for d, line := range joinLines(plan.Documents, opened.Passages(run)) {
		if line.err != nil {
			return out, pair, identity, line.err
		}
		if !wanted(line.passage.Index) {
			continue
		}
		parsed, err := parser.Passage(d, now[line.passage.Index].Answers)
		if err != nil {
			return out, pair, identity, err
		}
		before, err := spansOf(d, line.passage, parser, types)
		if err != nil {
			return out, pair, identity, fmt.Errorf("passage %d: %w", line.passage.Index, err)
		}
		if equalAnswers(d, line.passage, now[line.passage.Index], &parsed) {
			out.Equal++
		}
		one, other := metrics.Count(metrics.SpanF1, before).ByType.Total(), metrics.Count(metrics.SpanF1, &parsed.Passage).ByType.Total()
		pair.A, pair.B = append(pair.A, one), append(pair.B, other)
		out.Bundle, out.Now = out.Bundle.Add(one), out.Now.Add(other)
	}
	return out, pair, identity, nil
}

// equalAnswers reports whether a passage was answered as in the bundle: with the same
// texts or, without answers, with the same entities.
func equalAnswers(d *ner.Document, line *bundles.Passage, now ner.Passage, parsed *loop.ParsedPassage) bool {
	if line.Document == "" {
		spans, unaligned := predictedSpans(d, parsed)
		return slices.Equal(spans, line.Spans) && maps.Equal(unaligned, line.Unaligned)
	}
	return slices.EqualFunc(line.Answers, now.Answers, func(a bundles.Answer, b ner.Answer) bool {
		c := newAnswer(b)
		return a.Text == c.Text && a.Finish == c.Finish && slices.Equal(a.Types, c.Types)
	})
}

// checkRecord refuses to replace a file that is no record.
func checkRecord(file string) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil {
		_, err = parseAttestation(text)
	}
	if err != nil {
		return &fault.Hint{Err: fmt.Errorf("attestation: %s: exists and is no attestation", file), Advice: "the file was not touched; name another one with --out"}
	}
	return nil
}

func encodeAttestation(a Attestation) ([]byte, error) {
	text, err := json.MarshalIndent(a, "", "  ")
	return append(text, '\n'), err
}

func parseAttestation(text []byte) (a Attestation, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&a); err != nil {
		return a, err
	}
	if a.Format != bundles.Format {
		return a, fmt.Errorf("format %d: this version reads format %d", a.Format, bundles.Format)
	}
	if again, err := encodeAttestation(a); err != nil || !bytes.Equal(again, text) {
		return a, errors.Join(errors.New("not as an attestation is written"), err)
	}
	return a, nil
}

func writeAttestation(file string, a Attestation, key *bundles.Key) error {
	text, err := encodeAttestation(a)
	if err != nil {
		return err
	}
	signature, err := key.Sign(text, bundles.AttestationNamespace)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name    string
		content []byte
	}{{file, text}, {file + ".sig", signature}} {
		if err := atomicfile.Write(f.name, func(w io.Writer) error { _, err := w.Write(f.content); return err }); err != nil {
			return fmt.Errorf("attestation: %w", err)
		}
	}
	return nil
}

// maxAttestation is the largest size of a record, in bytes.
const maxAttestation = 16 << 20

// ReadAttestation reads a record with its signature, and checks that it is about a
// bundle, as [CheckAttestation] does.
func ReadAttestation(ctx context.Context, file, bundle string) (Attestation, *bundles.Signer, error) {
	text, err := readSmall(file)
	if err != nil {
		return Attestation{}, nil, fmt.Errorf("attestation: %w", err)
	}
	signature, err := readSmall(file + ".sig")
	if err != nil {
		return Attestation{}, nil, fmt.Errorf("attestation: %w", err)
	}
	opened, err := bundles.Open(ctx, bundle)
	if err != nil {
		return Attestation{}, nil, err
	}
	defer opened.Close()
	a, signer, err := CheckAttestation(text, signature, opened.Manifest, opened.Digest)
	if err != nil {
		err = fmt.Errorf("attestation: %s: %w", file, err)
	}
	return a, signer, err
}

// CheckAttestation checks that a signed record is about the bundle of a manifest and a
// digest, and that its passages were drawn as they must be. It returns whose it is.
func CheckAttestation(text, signature []byte, m *bundles.Manifest, digest string) (Attestation, *bundles.Signer, error) {
	a, err := parseAttestation(text)
	if err != nil {
		return a, nil, err
	}
	signer, err := bundles.Verify(text, signature, bundles.AttestationNamespace)
	if err != nil {
		return a, nil, err
	}
	if a.Bundle != digest {
		return a, signer, fmt.Errorf("it is about another bundle (%s, this one is %s)", a.Bundle, digest)
	}
	drawn := map[string][]int{}
	spot, equal := 0, 0
	for _, r := range a.Runs {
		drawn[r.ID] = r.Passages
		spot, equal = spot+len(r.Passages), equal+r.Equal
	}
	// The numbers first: a hostile manifest and record could demand a draw without end.
	if spot != a.Spot || equal != a.Equal || a.Equal > a.Spot || !maps.EqualFunc(drawn, Draw(m, digest, a.Spot), slices.Equal) {
		return a, signer, errors.New("its passages are not those that are drawn, or its numbers do not add up")
	}
	return a, signer, nil
}

// readSmall reads a file that is not large.
func readSmall(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxAttestation+1))
	if err == nil && len(text) > maxAttestation {
		err = fmt.Errorf("%s: more than %d bytes", file, maxAttestation)
	}
	return text, err
}
