package repository

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"nerbench/boards"
	"nerbench/bundles"
	"nerbench/harness"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/reports/site"
	"nerbench/results"
	"nerbench/submissions"
)

// BuildRequest describes the site of a repository.
type BuildRequest struct {
	Dir string
	Out string // folder of the site
	// Skip leaves out submissions and records that are wrong, or that cannot be scored
	// again here. Without it, they are an error, and there is no site.
	Skip  bool
	Blobs Blobs
	// Notes is a folder of the user, with a note about each site that was built, so that the
	// same one is not built again; empty: it always is.
	Notes string
	// Site has the options of the pages. The rules are those of board.toml.
	Site harness.SiteRequest

	verified func() // called for each run that was verified, in tests
}

// Built describes a site that was written.
type Built struct {
	Folder string `json:"folder"`
	Files  int    `json:"files"`
	Bytes  int64  `json:"bytes"`
	Models int    `json:"models"`
	Runs   int    `json:"runs"`
	// Withdrawn is the number of runs that are only in the log. Skipped are the files that
	// were left out, with the reason.
	Withdrawn int      `json:"withdrawn"`
	Skipped   []string `json:"skipped"`
	// Computed is the number of tests and intervals that were computed, Cached of those
	// that the folder cache/pairs had.
	Computed int `json:"computed"`
	Cached   int `json:"cached"`
	// Unchanged: the same program built the site of the same input before, and it was not
	// written again.
	Unchanged bool `json:"unchanged"`
}

// DefaultSite is the folder of the site below that of the repository. Git ignores it.
const DefaultSite = "cache/site"

// Build verifies a repository as [Verify] does, and writes its leaderboard. The runs are
// those that are not withdrawn, with the scores that follow from their answers. Data of
// the user's store is not part of it. Tests and intervals of earlier builds are taken from
// the folder cache/pairs, which then has those of this one. A site that was built of the
// same files, data, definitions and options is left as it is. The error is a
// [fault.PartialError] if files were skipped.
func Build(ctx context.Context, b *harness.Bench, r BuildRequest) (Built, error) {
	out := Built{Folder: r.Out, Skipped: []string{}}
	if err := checkOut(r.Dir, r.Out); err != nil {
		return out, err
	}
	folder, err := open(r.Dir)
	if err != nil {
		return out, err
	}
	defer folder.Close()
	if r.Site.Rules, err = boards.Read(folder.FS(), "board.toml"); err != nil {
		return out, fmt.Errorf("board: %s: %w", r.Dir, err)
	}
	var before buildInput
	if r.Notes != "" {
		if before, err = readInput(ctx, b, folder, r); err != nil {
			return out, fmt.Errorf("board: %w", err)
		}
		if built, ok := before.unchanged(r); ok {
			return built, nil
		}
	}
	temporary, err := os.MkdirTemp("", "nerbench-board-*")
	if err != nil {
		return out, fmt.Errorf("board: %w", err)
	}
	defer os.RemoveAll(temporary)
	b = b.Remembering()
	own := *b
	own.Store = filepath.Join(temporary, "results.db")
	m := &builder{request: r, rules: r.Site.Rules, runs: map[string]harness.Submitted{}}
	if err := m.read(ctx, b, folder, own.Store); err != nil {
		return out, err
	}
	out.Withdrawn, out.Skipped = len(m.withdrawn), m.skipped
	known, err := readPairs(folder)
	if err != nil {
		return out, fmt.Errorf("board: %w", err)
	}
	cache := harness.NewStatisticsCache(known)
	pages := r.Site
	pages.Cache, pages.Repository = cache, &harness.Repository{Runs: m.runs, Log: m.log()}
	built, err := own.WriteSite(ctx, r.Out, pages)
	if err != nil {
		return out, err
	}
	out.Files, out.Bytes, out.Models, out.Runs = built.Files, built.Bytes, built.Models, len(m.runs)
	out.Computed, out.Cached = cache.Computed, cached(cache)
	if err := writePairs(folder, cache.Used); err != nil && b.Notify != nil { // the repository may be one that cannot be written
		b.Notify(harness.Event{Note: fmt.Sprintf("tests and intervals are not kept: %v", err)})
	}
	if r.Notes != "" && len(out.Skipped) == 0 {
		after, err := readInput(ctx, b, folder, r)
		if err == nil && after.outside == before.outside { // nothing changed meanwhile
			err = after.keep(r, out, built.List)
		}
		if err != nil && b.Notify != nil {
			b.Notify(harness.Event{Note: fmt.Sprintf("the next build writes the site again: %v", err)})
		}
	}
	if len(out.Skipped) > 0 {
		return out, &fault.PartialError{Err: fmt.Errorf("board: %s: left out %s", r.Dir, ner.Count(len(out.Skipped), "file"))}
	}
	return out, nil
}

// checkOut refuses a folder that would become part of the repository.
func checkOut(dir, out string) error {
	root, err1 := filepath.Abs(dir)
	target, err2 := filepath.Abs(out)
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("board: %w", err)
	}
	inside, err := filepath.Rel(root, target)
	if err != nil || inside == ".." || strings.HasPrefix(inside, ".."+string(filepath.Separator)) || strings.HasPrefix(filepath.ToSlash(inside), "cache/") {
		return nil
	}
	return &fault.Hint{Err: fault.Usagef("board build: --out %s: is a folder of the repository", out), Advice: "name one that is outside, or below cache, which git ignores"}
}

// builder turns a repository into the runs of a board.
type builder struct {
	request   BuildRequest
	rules     *boards.Board
	verifier  *verifier
	store     *results.Store
	withdrawn map[string]bool
	skipped   []string

	mu        sync.Mutex
	runs      map[string]harness.Submitted
	summaries []results.Summary // those that the store does not have yet
	passages  int               // of them
	failed    error             // of writing them: about no submission
}

// read verifies the repository, and writes its runs into a store.
func (m *builder) read(ctx context.Context, b *harness.Bench, folder *os.Root, file string) (err error) {
	if m.store, err = results.Open(ctx, file, results.Temporary); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.store.Close()) }()
	m.verifier = newVerifier(ctx, b, folder)
	m.verifier.blobs = newBlobReader(m.request.Blobs, folder, m.rules.Addresses)
	names, err := m.verifier.files()
	if err != nil {
		return fmt.Errorf("board: %w", err)
	}
	m.verifier.readLog()
	m.withdrawn = withdrawnRuns(m.verifier.events)
	m.verifier.keep, m.verifier.scored = m.keep, m.request.verified
	m.verifier.check(names, func(name string) bool {
		return strings.HasPrefix(name, "submissions/") && !m.withdrawn[strings.TrimSuffix(path.Base(name), ".json")]
	})
	m.flush()
	if err := cmp.Or(ctx.Err(), m.failed); err != nil {
		return err
	}
	maps.DeleteFunc(m.withdrawn, func(run string, _ bool) bool { return m.verifier.runs[run] == nil })
	if err := m.refuse(); err != nil {
		return err
	}
	for run := range m.runs {
		m.vouch(run)
	}
	return nil
}

// withdrawnRuns are the runs that were withdrawn, and not added again.
func withdrawnRuns(events []Event) map[string]bool {
	runs := map[string]bool{}
	for _, e := range events {
		switch e.Event {
		case "withdrawn":
			runs[e.Run] = true
		case "added":
			delete(runs, e.Run)
		}
	}
	return runs
}

// refuse reports what is wrong. What may be skipped is left out.
func (m *builder) refuse() error {
	v := m.verifier
	faults := slices.Clone(v.out.Faults)
	for _, name := range v.out.Unchecked {
		faults = append(faults, name+": was not scored again: the data or the answers are missing")
	}
	wrong := faults
	if m.request.Skip {
		wrong = slices.DeleteFunc(slices.Clone(faults), skippable)
		m.skipped = faults
		maps.DeleteFunc(m.runs, func(run string, _ harness.Submitted) bool { return v.wrong[v.places[run]] })
	}
	if len(wrong) == 0 {
		return nil
	}
	err := fmt.Errorf("board: %s: %s: %s", m.request.Dir, ner.Count(len(wrong), "fault"), listed(wrong))
	if len(v.out.Faults) == 0 {
		return &fault.DataError{Err: err}
	}
	return err
}

// skippable reports whether a fault is about a submission, its answers or a record.
func skippable(fault string) bool {
	return slices.ContainsFunc([]string{"submissions/", "blobs/", "attestations/"}, func(folder string) bool { return strings.HasPrefix(fault, folder) })
}

// listed names the first of several faults.
func listed(faults []string) string {
	const most = 5
	if more := len(faults) - most; more > 0 {
		return strings.Join(faults[:most], "; ") + fmt.Sprintf("; and %d more", more)
	}
	return strings.Join(faults, "; ")
}

// keep notes a run that was verified. Its summary is written into the store with those of
// other runs.
func (m *builder) keep(s *Submission, opened *bundles.Bundle, of *submissions.Summary, report *submissions.RunReport) error {
	summary, err := of.Of(report)
	if err != nil {
		return err
	}
	run := s.run()
	claims := map[string]ner.Score{}
	for _, metric := range report.Metrics {
		if metric.Verdict == submissions.Claimed {
			claims[metric.ID] = metric.Claimed
		}
	}
	out := harness.Submitted{Tier: "self-reported", Claims: claims, Checksum: s.Blob, Shown: site.Submission{
		User: s.User, Name: s.Manifest.Submitter.Name, Affiliation: s.Manifest.Submitter.Affiliation, Signer: opened.Signer.Fingerprint,
		Bundle: opened.Digest, Tool: s.Manifest.Tool, TrainedOn: s.Manifest.Declarations.TrainedOn, Configurations: s.Manifest.Declarations.Configurations,
		Files: []site.Source{m.source(s.path()), m.source(s.blob())},
	}}
	open := func(ctx context.Context) (*bundles.Bundle, error) {
		return m.verifier.blobs.bundle(ctx, s, opened.Signer)
	}
	if run.Answers.Mode == bundles.WithSpans {
		dataset, err := m.verifier.bench.FindDataset(run.Dataset())
		if err != nil {
			return err
		}
		out.Predicted = submissions.Predicted(open, dataset.Types())
	} else {
		out.Answers = submissions.Answers(open)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.runs[run.ID] = out
	m.summaries, m.passages = append(m.summaries, summary), m.passages+run.Passages
	if m.passages >= batch {
		m.flush()
	}
	return nil
}

// batch is the number of passages whose counts are written in one transaction.
const batch = 20_000

// flush writes the summaries of runs, unless earlier ones could not be written.
func (m *builder) flush() {
	if m.failed == nil {
		m.failed = m.store.AddSummaries(m.verifier.ctx, m.summaries)
	}
	m.summaries, m.passages = m.summaries[:0], 0
}

// source is a file of the repository, with its address.
func (m *builder) source(name string) site.Source {
	out := site.Source{Name: path.Base(name)}
	if len(m.rules.Addresses) > 0 {
		out.Address = strings.TrimSuffix(m.rules.Addresses[0], "/") + "/" + name
	}
	return out
}

// vouch adds what others say about a run: the records of its attestations, and the tier
// that they give it.
func (m *builder) vouch(id string) {
	run, s := m.runs[id], m.verifier.runs[id]
	about := m.verifier.abouts[s.model()]
	run.Model = harness.SubmittedModel{
		Name: about.Title, Organisation: about.Organisation, Parameters: about.Parameters, Licence: about.Licence, Released: about.Released,
		OpenWeights: about.OpenWeights, URL: about.URL, Training: about.Training,
	}
	for _, r := range m.verifier.records[id] {
		shown := site.Attestation{
			User: r.user, Signer: r.signer.Fingerprint, Model: r.Model, Spot: r.Spot, Equal: r.Equal, F1Bundle: r.F1Bundle, F1Now: r.F1Now, P: r.P,
			Files: []site.Source{m.source(r.name), m.source(r.name + ".sig")},
		}
		shown.Tier, shown.Why = tierOf(s, &run.Shown, r)
		if slices.Index(boards.Tiers, string(shown.Tier)) > slices.Index(boards.Tiers, string(run.Tier)) {
			run.Tier = shown.Tier
		}
		run.Shown.Attestations = append(run.Shown.Attestations, shown)
	}
	m.runs[id] = run
}

// tierOf is the tier that a record gives a run; else why it gives none.
func tierOf(s *Submission, shown *site.Submission, r record) (tier site.Tier, why string) {
	if r.user == s.User || r.signer.Fingerprint == shown.Signer {
		return "", "by the submitter"
	}
	switch whole, why := r.Confirms(s.run()); {
	case why != "":
		return "", why
	case whole:
		return "reproduced", ""
	}
	return "spot-checked", ""
}

// log are the events with the models and datasets of their runs.
func (m *builder) log() []site.LogEvent {
	list := []site.LogEvent{}
	for _, e := range m.verifier.events {
		out := site.LogEvent{Event: e.Event, Run: e.Run, User: e.User, Reason: e.Reason}
		if s := m.verifier.runs[e.Run]; s != nil {
			out.Model, out.Dataset = s.Manifest.Model.Name, s.run().Dataset()
		}
		list = append(list, out)
	}
	return list
}
