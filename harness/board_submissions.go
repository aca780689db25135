package harness

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"nerbench/boards"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/reports/site"
	"nerbench/results"
)

// Repository says where the runs of a board come from, if they are not those of the
// user: from submissions of others.
type Repository struct {
	// Runs are the submissions by the id of their run. Other runs are left out.
	Runs map[string]Submitted
	// Log is shown on a page of its own, oldest event first.
	Log []site.LogEvent
}

// Submitted is the submission of one run.
type Submitted struct {
	// Tier says who vouches for it. The board ranks the tiers of its rules.
	Tier site.Tier
	// Shown is printed on the pages. Its claims are those of Claims.
	Shown site.Submission
	// Claims are counts that do not follow from what was submitted, by metric. The store
	// does not have them.
	Claims map[string]ner.Score
	// Checksum is that of its answers or predictions.
	Checksum string
	// Answers yields its passages with their answers, if it was submitted with answers: the
	// store has none. It may be called from several goroutines.
	Answers func(ctx context.Context) iter.Seq2[ner.Passage, error]
	// Predicted yields what the run predicted for each of its documents, if it was submitted
	// without answers.
	Predicted func(ctx context.Context, docs iter.Seq2[*ner.Document, error]) iter.Seq2[PredictedPassage, error]
	Model     SubmittedModel
}

// PredictedPassage is the prediction for one passage, of a submission without answers. Its
// mentions that are not in the passage have no text.
type PredictedPassage struct {
	Document *ner.Document
	Passage  *metrics.Passage
	Outcomes []ner.Outcome // of its queries
}

// SubmittedModel is what submitters say about a model. Empty fields are unknown.
type SubmittedModel struct {
	Name, Organisation            string
	Parameters, Licence, Released string
	OpenWeights                   *bool
	URL                           string   // page of the model
	Training                      []string // datasets; nil: unknown
}

// keepSubmitted leaves out the runs that were not submitted. The times and the order of the
// others are those of the store that was made of them, and differ from build to build: the
// times are removed, and the runs are in the order of their ids.
func (r *Repository) keepSubmitted(runs []results.RunInfo) []results.RunInfo {
	runs = slices.DeleteFunc(runs, func(run results.RunInfo) bool { _, there := r.Runs[run.ID]; return !there })
	for i := range runs {
		runs[i].Created, runs[i].Updated = time.Time{}, time.Time{}
	}
	slices.SortFunc(runs, func(a, b results.RunInfo) int { return strings.Compare(a.ID, b.ID) })
	return runs
}

// submitted is the submission of a run; nil: it is one of the user.
func (m *boardMaker) submitted(run string) *Submitted {
	if m.request.Repository == nil {
		return nil
	}
	s := m.request.Repository.Runs[run]
	return &s
}

// claimed reports whether a submission claims the metric that ranks, and nothing more.
func (m *boardMaker) claimed(run string) bool {
	s := m.submitted(run)
	if s == nil {
		return false
	}
	_, claims := s.Claims[m.rank]
	return claims
}

// unrankedTier is the tier of a run if the board does not rank it; else empty. A board
// that names no tiers ranks all of them.
func (m *boardMaker) unrankedTier(run string) site.Tier {
	s := m.submitted(run)
	if s == nil || len(m.rules.Tiers) == 0 || slices.Contains(m.rules.Tiers, string(s.Tier)) {
		return ""
	}
	return s.Tier
}

// submission is what the page of a run shows about its submission; nil: there is none.
func (m *boardMaker) submission(r results.RunInfo) (site.Tier, *site.Submission) {
	s := m.submitted(r.ID)
	if s == nil {
		return "", nil
	}
	shown := s.Shown
	shown.Claims = map[string]site.Measure{}
	for id, score := range s.Claims {
		shown.Claims[id] = m.measure(r, id, score)
	}
	return s.Tier, &shown
}

// weakestTier is the weakest tier of the runs of a model; empty: none is submitted.
func (m *boardMaker) weakestTier(e *boardEntry) site.Tier {
	weakest := -1
	for _, r := range e.main().runs {
		if s := m.submitted(r.ID); s != nil {
			if at := slices.Index(boards.Tiers, string(s.Tier)); weakest < 0 || at < weakest {
				weakest = at
			}
		}
	}
	if weakest < 0 {
		return ""
	}
	return site.Tier(boards.Tiers[weakest])
}

// submittedModel is what the submitters of a model say about it; nil: nothing.
func (m *boardMaker) submittedModel(e *boardEntry) *SubmittedModel {
	for _, d := range m.datasets {
		if r, there := e.main().runs[d.ID]; there {
			if s := m.submitted(r.ID); s != nil {
				return &s.Model
			}
		}
	}
	return nil
}

// describe sets what a submitter knows about a model, and the board's own cards do not.
func (s *SubmittedModel) describe(out *site.Model, hasCard bool) {
	if s == nil {
		return
	}
	if !hasCard {
		out.Name, out.Organisation = cmp.Or(s.Name, out.Name), cmp.Or(s.Organisation, out.Organisation)
	}
	out.Parameters, out.Licence, out.Released = cmp.Or(out.Parameters, s.Parameters), cmp.Or(out.Licence, s.Licence), cmp.Or(out.Released, s.Released)
	if out.OpenWeights == nil {
		out.OpenWeights = s.OpenWeights
	}
}

// saw reports whether the model saw a dataset in training, as its submitter says.
func (s *SubmittedModel) saw(dataset string) site.Seen {
	switch {
	case s == nil || s.Training == nil:
		return site.SeenUnknown
	case slices.Contains(s.Training, dataset):
		return site.SeenYes
	}
	return site.SeenNo
}
