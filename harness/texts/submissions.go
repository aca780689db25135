package texts

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"nerbench/bundles"
	"nerbench/internal/terminal"
	"nerbench/ner"
	"nerbench/submissions"
	"nerbench/submissions/repository"
)

// WriteCreated prints what a new bundle has.
func WriteCreated(w io.Writer, made *submissions.Created) error {
	passages := 0
	for _, run := range made.Manifest.Runs {
		passages += run.Passages
	}
	_, err := fmt.Fprintf(w, "wrote %s: %s, %s, %s, %s\n", made.File, terminal.Printable(made.Manifest.Model.Name), ner.Count(len(made.Manifest.Runs), "run"), ner.Count(passages, "passage"), signerText(made.Signer))
	writeCommand(w, submissions.CommandOf(made.Manifest))
	return err
}

// writeCommand says that a model is identified by a command, if it is.
func writeCommand(w io.Writer, command string) {
	if command != "" {
		fmt.Fprintf(w, "the model reports no digest: it is identified by its command and the files that the command names: %s\n", terminal.Printable(command))
	}
}

// signerText says who signed.
func signerText(s *bundles.Signer) string {
	if s == nil {
		return "not signed"
	}
	return "signed by " + s.Fingerprint
}

// WriteBundle prints what is known about a bundle after its check.
func WriteBundle(w io.Writer, c *submissions.Checked) {
	fmt.Fprintf(w, "%s: %s, by nerbench %s, %s\n", c.File, terminal.Printable(c.Model.Name), terminal.Printable(c.Tool), signerText(c.Signer))
	writeCommand(w, c.Command)
	for i := range c.Runs {
		writeBundleRun(w, &c.Runs[i])
	}
	for i := range c.Attestations {
		fmt.Fprintln(w)
		WriteAttestation(w, &c.Attestations[i])
	}
	if c.Audit != nil {
		writeAudit(w, c.Audit)
	}
}

func writeBundleRun(w io.Writer, run *submissions.RunReport) {
	fmt.Fprintf(w, "\nrun %s on %s, %s, %s\n", run.ID, terminal.Printable(run.Dataset), ner.Count(run.Passages, "passage"), dataText(run.Data))
	if run.Unchecked != "" {
		fmt.Fprintf(w, "  not scored again: %s\n  checked: checksums, keys, signature lines, and the sums of all counts\n", terminal.Line(run.Unchecked))
	}
	for _, m := range run.Metrics {
		why := terminal.Line(m.Why)
		if why != "" {
			why = ": " + why
		}
		fmt.Fprintf(w, "  %-10s %6s  %s%s\n", m.Verdict, percentText(m.F1), terminal.Printable(m.ID), why)
	}
}

func dataText(data string) string {
	switch data {
	case submissions.DataRecorded:
		return "on the recorded release"
	case submissions.DataOther:
		return "on another release than the recorded one"
	}
	return "no recorded release to compare with"
}

func percentText(v *float64) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprintf("%.2f", 100**v)
}

// WriteAttestation prints how many passages were answered in the same way, and both F1.
func WriteAttestation(w io.Writer, a *submissions.Attested) {
	fmt.Fprintf(w, "asked again: %s, %d of %d passages are answered in the same way, %s\n", terminal.Printable(a.Model), a.Equal, a.Spot, signerText(a.Signer))
	fmt.Fprintf(w, "  %s on these passages: %s in the bundle, %s now, p = %.3f\n", a.Metric, percentText(a.F1Bundle), percentText(a.F1Now), a.P)
}

func writeAudit(w io.Writer, a *submissions.AuditReport) {
	for _, r := range a.Runs {
		fmt.Fprintf(w, "\naudit of run %s on %s\n", r.ID, terminal.Printable(r.Dataset))
		if r.Unchecked != "" {
			fmt.Fprintf(w, "  not audited: %s\n", terminal.Line(r.Unchecked))
			continue
		}
		for _, c := range r.Copies {
			fmt.Fprintf(w, "  %d of %d passages have the same entities as %s (%s)%s\n", c.Equal, c.Passages, c.File, terminal.Printable(c.Model), suspicion(c.Suspicious))
		}
		if g := r.Gold; g != nil {
			parser := " and the tagger"
			if !g.SecondParser {
				parser = ""
			}
			fmt.Fprintf(w, "  has %d of %d gold entities that most of %d others%s contradict%s\n", g.Hits, g.Contested, g.Others, parser, suspicion(g.Suspicious))
		} else {
			fmt.Fprintf(w, "  fewer than two others have these passages: hits on contested gold are unknown\n")
		}
	}
	for _, reason := range a.Left {
		fmt.Fprintf(w, "  left out: %s\n", terminal.Line(reason))
	}
}

func suspicion(suspicious bool) string {
	if suspicious {
		return ": suspicious"
	}
	return ""
}

// WriteAdded prints the files that a repository got.
func WriteAdded(w io.Writer, added *repository.Added) error {
	for _, name := range added.Files {
		fmt.Fprintln(w, name)
	}
	for _, p := range added.Publish {
		fmt.Fprintf(w, "too large for the repository: publish %s at %s\n", terminal.Line(p.File), terminal.Line(p.Address))
	}
	if len(added.Runs) == 0 {
		_, err := fmt.Fprintln(w, "added no run: the repository has them all")
		return err
	}
	_, err := fmt.Fprintf(w, "added %s: commit these files\n", ner.Count(len(added.Runs), "run"))
	return err
}

// WriteBuilt prints what the site of a repository has, and what was left out.
func WriteBuilt(w io.Writer, done *repository.Built) error {
	for _, f := range done.Skipped {
		fmt.Fprintf(w, "left out: %s\n", terminal.Line(f))
	}
	fmt.Fprintf(w, "tests and intervals: %d computed, %d of earlier builds\n", done.Computed, done.Cached)
	verb := "wrote"
	if done.Unchanged {
		verb = "unchanged:"
	}
	_, err := fmt.Fprintf(w, "%s %s: %s, %s, %d withdrawn, %s\n",
		verb, filepath.Join(done.Folder, "index.html"), ner.Count(done.Models, "model"), ner.Count(done.Runs, "run"), done.Withdrawn, ner.Count(done.Files, "file"))
	return err
}

// WriteRepository prints the scores of a repository that follow from its answers, and all
// that is wrong or that a person must read.
func WriteRepository(w io.Writer, v *repository.Verified) error {
	for _, name := range v.Names() {
		run := v.Runs[name]
		var verdicts []string
		for _, m := range run.Metrics {
			verdicts = append(verdicts, fmt.Sprintf("%s %s %s", m.ID, percentText(m.F1), m.Verdict))
		}
		fmt.Fprintf(w, "%s: %s: %s\n", name, terminal.Printable(run.Dataset), strings.Join(verdicts, ", "))
	}
	for _, d := range v.Differences {
		fmt.Fprintf(w, "difference: %s: %s: %s %s, %+.2f against %s (%s)\n", d.File, terminal.Printable(d.Dataset), d.Metric,
			percentText(&d.F1), 100*(d.F1-d.ReferenceF1), terminal.Printable(d.Model), percentText(&d.ReferenceF1))
	}
	for _, name := range v.Read {
		fmt.Fprintf(w, "read: %s: it was changed, and a person must judge how\n", terminal.Line(name))
	}
	for _, f := range v.Faults {
		fmt.Fprintf(w, "wrong: %s\n", terminal.Line(f))
	}
	for _, name := range v.Unchecked {
		fmt.Fprintf(w, "not scored again: %s: the data or the answers are missing\n", name)
	}
	_, err := fmt.Fprintf(w, "%s, %s scored again, %s\n", ner.Count(v.Files, "file"), ner.Count(len(v.Runs), "run"), ner.Count(len(v.Faults), "fault"))
	return err
}
