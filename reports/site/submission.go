package site

import (
	"slices"
	"strings"

	"nerbench/reports"
)

// Submission is what the pages say about where a run comes from: a signed bundle in a
// repository of submissions.
type Submission struct {
	User string // who submitted it
	// Name and Affiliation are what the submitter says; may be empty.
	Name, Affiliation string
	Signer            string // fingerprint of the key that signed it
	Bundle            string // digest of the bundle
	Tool              string // version of the program that wrote it
	// TrainedOn is the part of the dataset that the model was trained on, and
	// Configurations the number of settings that were tried, as the submitter declares;
	// empty and 0: not declared.
	TrainedOn      string
	Configurations int
	// Files are those of the repository: the run and its answers.
	Files []Source
	// Claims are scores that the submitter reports, and that do not follow from what the
	// bundle holds. No mean and no rank has them.
	Claims       map[string]Measure
	Attestations []Attestation
}

// Source is a file of a repository.
type Source struct {
	Name    string
	Address string // https://…; empty: the repository does not say where it is published
}

// Attestation is a signed record: a user asked a model again for passages of a run.
type Attestation struct {
	User, Signer string
	Model        string
	Spot, Equal  int // Equal of Spot passages were answered in the same way
	// F1Bundle and F1Now are the F1 of the submission and of the answers now on these
	// passages; nil: undefined. P is that of the paired test.
	F1Bundle, F1Now *float64
	P               float64
	// Tier is the tier that it gives the run; empty: none, for the reason Why.
	Tier  Tier
	Why   string
	Files []Source
}

// LogEvent is a line of the log of a repository of submissions.
type LogEvent struct {
	Event          string // added, corrected, withdrawn
	Run            string
	Model, Dataset string // of the run
	User, Reason   string
}

// attestationRow is an attestation in a table.
type attestationRow struct {
	Attestation
	Submitted, Now, P string
}

func attestationRows(list []Attestation) []attestationRow {
	rows := make([]attestationRow, len(list))
	for i, a := range list {
		rows[i] = attestationRow{a, reports.Percent(a.F1Bundle), reports.Percent(a.F1Now), probability(a.P)}
	}
	return rows
}

// submittedRow is a run in the table of submissions on the page of its model.
type submittedRow struct {
	*Submission
	Run, Path, Dataset string
	Tier               Tier
	Attested           []attestationRow
}

// submittedRows lists the submissions of runs.
func submittedRows(rows []cellRow) []submittedRow {
	var list []submittedRow
	for _, r := range rows {
		if s := r.Submission; s != nil {
			list = append(list, submittedRow{s, r.ID, r.Path, r.Dataset.ID, r.Tier, attestationRows(s.Attestations)})
		}
	}
	return list
}

// claimRows are the claims of a run in the order of the metrics' ids.
func claimRows(s *Submission) []measureRow {
	var list []measureRow
	for metric, m := range s.Claims {
		list = append(list, measured(metric, m, "", ""))
	}
	slices.SortFunc(list, func(a, b measureRow) int { return strings.Compare(a.Metric, b.Metric) })
	return list
}

// logRow is a line of the log, newest first, with the page of its run if it has one.
type logRow struct {
	LogEvent
	N    int // from 1, the oldest
	Path string
	Tier Tier // withdrawn, for the event of a withdrawal
}

func (s *site) logRows() []logRow {
	var rows []logRow
	for i, e := range s.Log {
		row := logRow{LogEvent: e, N: i + 1}
		if s.runs[e.Run] != nil {
			row.Path = s.RunPage(e.Run)
		}
		if e.Event == "withdrawn" {
			row.Tier = "withdrawn"
		}
		rows = append(rows, row)
	}
	slices.Reverse(rows)
	return rows
}
