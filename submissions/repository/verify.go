package repository

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"nerbench/boards"
	"nerbench/bundles"
	"nerbench/harness"
	"nerbench/internal/fault"
	"nerbench/internal/parallel"
	"nerbench/internal/strict"
	"nerbench/ner"
	"nerbench/submissions"
)

// Verified is the outcome of [Verify].
type Verified struct {
	// Runs are the reports of the runs that were scored again, by file.
	Runs map[string]submissions.RunReport `json:"runs"`
	// Faults are all that is wrong, one line each.
	Faults []string `json:"faults"`
	// Unchecked are the files of runs whose data or answers are missing here.
	Unchecked []string `json:"unchecked"`
	// Read are changed files that a person must judge: the definition, workflows, files of
	// git, keys and models that were merged, new attestations, and the log if it has other
	// events than that a new run was added.
	Read []string `json:"read"`
	// Differences compare new runs with the reference models of board.toml.
	Differences []Difference `json:"differences"`
	Files       int          `json:"files"`
}

// Verify checks a repository: its board.toml, layout and sizes, that each run is signed by
// the key of its user, and that its scores follow from its answers. base is a commit of git; with
// it, only runs that are new since then are scored again, and what was merged must be
// unchanged: runs, answers and records stay, and the log only grows. Empty: all runs are
// scored. The error says how much is wrong; a [fault.DataError] says that all that could
// be checked is right.
//
// Answers that the repository does not have are downloaded from the addresses of
// board.toml, unless board.toml is changed since base: a submission must not name them.
func Verify(ctx context.Context, b *harness.Bench, dir, base string, blobs Blobs) (Verified, error) {
	out := Verified{Runs: map[string]submissions.RunReport{}, Faults: []string{}, Unchecked: []string{}, Read: []string{}, Differences: []Difference{}}
	folder, err := open(dir)
	if err != nil {
		return out, err
	}
	defer folder.Close()
	v := newVerifier(ctx, b.Remembering(), folder)
	out = *v.out
	v.out = &out
	names, err := v.files()
	if err != nil {
		return out, fmt.Errorf("board: %w", err)
	}
	wanted := func(string) bool { return true }
	var changed map[string]bool
	if base != "" {
		if changed, err = v.changes(dir, base, names); err != nil {
			return out, fmt.Errorf("board: %w", err)
		}
		wanted = func(name string) bool { return changed[name] }
	}
	out.Files = len(names)
	rules, invalid := boards.Read(folder.FS(), "board.toml")
	v.blobs = newBlobReader(blobs, folder, nil)
	if invalid == nil && !changed["board.toml"] {
		v.blobs = newBlobReader(blobs, folder, rules.Addresses)
	}
	v.readLog()
	v.check(names, wanted)
	if changed[logName] && v.hasVerdict(changed) {
		out.Read = append(out.Read, logName)
	}
	if slices.Contains(names, "board.toml") {
		v.fault("board.toml", invalid)
		if invalid == nil && base != "" {
			out.Differences = append(out.Differences, v.differences(rules.Metrics[0], rules.References, wanted)...)
		}
	}
	if err := ctx.Err(); err != nil {
		return out, err
	}
	switch {
	case len(out.Faults) > 0:
		return out, fmt.Errorf("board: %s: %s", dir, ner.Count(len(out.Faults), "fault"))
	case len(out.Unchecked) > 0:
		return out, &fault.DataError{Err: fmt.Errorf("board: %s: did not score %s again", dir, ner.Count(len(out.Unchecked), "run"))}
	}
	return out, nil
}

type verifier struct {
	ctx    context.Context
	bench  *harness.Bench
	folder *os.Root
	out    *Verified
	used   map[string]bool        // blobs
	events []Event                // of the log
	merged int                    // the number of events that were merged
	logged map[string]bool        // runs
	runs   map[string]*Submission // by id
	places map[string]string      // files of the runs, by id
	wrong  map[string]bool        // files with a fault, or that were not scored again
	// abouts are what is said about models, by their folder.
	abouts map[string]bundles.About
	// records are the attestations of each run, in the order of their users.
	records map[string][]record
	blobs   *blobReader
	// keep is called with each run whose scores were verified, from several goroutines at
	// once; may be nil.
	keep func(s *Submission, bundle *bundles.Bundle, of *submissions.Summary, r *submissions.RunReport) error
	// scored is called for each run that is scored again, from several goroutines at once;
	// may be nil.
	scored func()
}

// record is an attestation that is signed by its user.
type record struct {
	submissions.Attestation
	name, user string
	signer     *bundles.Signer
}

func newVerifier(ctx context.Context, b *harness.Bench, folder *os.Root) *verifier {
	return &verifier{
		ctx: ctx, bench: b, folder: folder, out: &Verified{Runs: map[string]submissions.RunReport{}, Faults: []string{}, Unchecked: []string{}, Read: []string{}, Differences: []Difference{}},
		used: map[string]bool{}, logged: map[string]bool{}, runs: map[string]*Submission{}, places: map[string]string{}, wrong: map[string]bool{},
		abouts: map[string]bundles.About{}, records: map[string][]record{},
	}
}

// check checks the submissions, their answers and records. Those runs that are wanted are
// scored again.
func (v *verifier) check(names []string, wanted func(string) bool) {
	v.submissions(slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.HasPrefix(name, "submissions/") }), wanted)
	for _, name := range names {
		if strings.HasPrefix(name, "blobs/") && !v.used[name] {
			v.fault(name, errors.New("no run has these answers"))
		}
		if strings.HasPrefix(name, "attestations/") && strings.HasSuffix(name, ".json") {
			v.fault(name, v.attestation(name))
		}
	}
}

// fault records what is wrong with a file; nil: nothing.
func (v *verifier) fault(name string, err error) {
	if err != nil {
		v.out.Faults = append(v.out.Faults, fmt.Sprintf("%s: %v", name, err))
		v.wrong[name] = true
	}
}

// files lists the files, in order. Those that are no part of the layout, too large, or
// links, or that some systems take for another one, are faults.
func (v *verifier) files() (list []string, err error) {
	folded := map[string]string{}
	err = fs.WalkDir(v.folder.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".git":
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil // of a work tree
		case d.IsDir():
			return v.ctx.Err()
		}
		i := slices.IndexFunc(layout, func(l layoutEntry) bool { return l.path.MatchString(name) })
		info, err := d.Info()
		switch {
		case err != nil:
			return err
		case !d.Type().IsRegular():
			v.fault(name, errNoFile)
		case i < 0:
			v.fault(name, errors.New("not part of a repository of submissions"))
		case info.Size() > layout[i].most:
			v.fault(name, fmt.Errorf("%d bytes: more than %d", info.Size(), layout[i].most))
		case folded[strings.ToLower(name)] != "": // the key of one user would be that of another
			v.fault(name, fmt.Errorf("differs from %s only in upper and lower case", folded[strings.ToLower(name)]))
		default:
			folded[strings.ToLower(name)] = name
			list = append(list, name)
		}
		return nil
	})
	return list, err
}

// readLog reads the log.
func (v *verifier) readLog() {
	text, err := readFile(v.folder, logName)
	if err == nil {
		v.events, err = parseLog(text)
		for _, e := range v.events {
			v.logged[e.Run] = true
		}
	}
	v.fault(logName, err)
}

// submitted is a file of a run while it is checked.
type submitted struct {
	name   string
	run    *Submission
	signer *bundles.Signer
	err    error // of reading the file
	end    int   // of its faults among all, before it is scored

	report submissions.Report
	failed error // of scoring it again
}

// submissions checks runs, and scores those again that are wanted. Files are read and runs
// are scored on all processors; faults are in the order of the files.
func (v *verifier) submissions(names []string, wanted func(string) bool) {
	list := make([]submitted, len(names))
	parallel.Each(len(names), func(i int) {
		if v.ctx.Err() != nil {
			return
		}
		text, err := readFile(v.folder, names[i])
		if err == nil {
			list[i].run, list[i].signer, err = decode(text)
		}
		list[i].name, list[i].err = names[i], err
	})
	if v.ctx.Err() != nil {
		return
	}
	var scored []*submitted
	before := len(v.out.Faults)
	for i := range list {
		if s := &list[i]; v.submission(s) && (wanted(s.name) || wanted(s.run.blob())) {
			scored = append(scored, s)
		}
		list[i].end = len(v.out.Faults)
	}
	parallel.Each(len(scored), func(i int) {
		if v.ctx.Err() == nil {
			v.score(scored[i])
		}
	})
	if v.ctx.Err() != nil {
		return
	}
	faults := v.out.Faults
	v.out.Faults = slices.Clone(faults[:before])
	for i := range list {
		v.out.Faults = append(v.out.Faults, faults[before:list[i].end]...)
		before = list[i].end
		if len(scored) > 0 && scored[0] == &list[i] {
			v.verdict(scored[0])
			scored = scored[1:]
		}
	}
}

// submission checks one run. ok is false if it cannot be scored.
func (v *verifier) submission(of *submitted) (ok bool) {
	name, s := of.name, of.run
	if of.err != nil {
		v.fault(name, of.err)
		return false
	}
	v.used[s.blob()] = true
	if other, there := v.places[s.run().ID]; there {
		v.fault(name, fmt.Errorf("%s is the same run", other))
		return false
	}
	v.runs[s.run().ID], v.places[s.run().ID] = s, name
	if s.path() != name {
		v.fault(name, fmt.Errorf("want the path %s", s.path()))
	}
	if !userPattern.MatchString(s.User) {
		v.fault(name, fmt.Errorf("user %q: not a name of a user", s.User))
		return false
	}
	v.fault(name, v.isOf(of.signer, s.User))
	v.fault(name, v.model(s.model()))
	if !v.logged[s.run().ID] {
		v.fault(name, fmt.Errorf("%s has no event of this run", logName))
	}
	return true
}

// score verifies the answers of a submission.
func (v *verifier) score(of *submitted) {
	if v.scored != nil {
		v.scored()
	}
	opened, err := v.blobs.bundle(v.ctx, of.run, of.signer)
	if err != nil {
		of.failed = err
		return
	}
	defer opened.Close()
	summary := submissions.NewSummary(of.run.run())
	of.report, err = submissions.VerifyOpened(v.ctx, v.bench, opened, summary.Add)
	if err == nil && v.keep != nil {
		err = v.keep(of.run, opened, summary, &of.report.Runs[0])
	}
	of.failed = err
}

// verdict records what became of a run that was scored again.
func (v *verifier) verdict(of *submitted) {
	name, err := of.name, of.failed
	var data *fault.DataError
	if errors.As(err, &data) || errors.Is(err, fs.ErrNotExist) {
		if missing, ok := errors.AsType[missingBlob](err); ok && v.bench.Notify != nil {
			v.bench.Notify(harness.Event{Note: fmt.Sprintf("%s: %v", name, missing)})
		}
		v.out.Unchecked = append(v.out.Unchecked, name)
		v.wrong[name] = true
		err = nil
	}
	v.fault(name, err)
	if len(of.report.Runs) == 1 {
		v.out.Runs[name] = of.report.Runs[0]
		for _, m := range of.report.Runs[0].Metrics {
			if m.Verdict == submissions.Differs { // the first passage
				v.fault(name, fmt.Errorf("%s: %s", m.ID, m.Why))
			}
		}
	}
}

// model reads what is said about a model.
func (v *verifier) model(folder string) error {
	if _, read := v.abouts[folder]; read {
		return nil
	}
	var file struct {
		Name string `toml:"name"`
		bundles.About
	}
	name := path.Join("models", folder, "model.toml")
	err := strict.ReadTOML(v.folder.FS(), name, &file)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is missing", name)
	}
	if err != nil {
		return err
	}
	if err := file.About.Check(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	v.abouts[folder] = file.About
	return nil
}

// isOf demands that the key that signed is one of the user's.
func (v *verifier) isOf(signer *bundles.Signer, user string) error {
	keys, err := readFile(v.folder, keyPath(user))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s is missing: the public key of who signed", keyPath(user))
	case err == nil && !hasKey(keys, signer):
		return fmt.Errorf("signed by a key that %s does not have", keyPath(user))
	}
	return err
}

// attestation checks that a record is about a run of the repository, and that its user
// signed it.
func (v *verifier) attestation(name string) error {
	text, err := readFile(v.folder, name)
	if err != nil {
		return err
	}
	signature, err := readFile(v.folder, name+".sig")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s.sig is missing", name)
	case err != nil:
		return err
	}
	s := v.runs[path.Base(path.Dir(name))]
	if s == nil {
		return errors.New("there is no such run")
	}
	digest, err := s.Digest()
	if err != nil {
		return err
	}
	a, signer, err := submissions.CheckAttestation(text, signature, s.Manifest, digest)
	if err != nil {
		return err
	}
	user := strings.TrimSuffix(path.Base(name), ".json")
	if err = v.isOf(signer, user); err == nil {
		v.records[s.run().ID] = append(v.records[s.run().ID], record{a, name, user, signer})
	}
	return err
}

// Names are the files of the runs of a report, in order.
func (v *Verified) Names() []string { return slices.Sorted(maps.Keys(v.Runs)) }
