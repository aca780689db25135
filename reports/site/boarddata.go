package site

import (
	"math"

	"nerbench/ner"
)

// boardData is the data file of the board. Cells are columns: the value of a cell has
// the same place in each list. Ratios are computed from the counts; f1 is one of them,
// rounded to six digits, since some metrics have a formula of their own. A value that is
// not known is null.
type boardData struct {
	Title    string        `json:"title"`
	Version  string        `json:"version"`
	Date     string        `json:"date"`
	Metrics  []string      `json:"metrics"`
	Currency string        `json:"currency"`
	Suites   []suiteData   `json:"suites"`
	Datasets []datasetData `json:"datasets"`
	Models   []modelData   `json:"models"`
	Cells    cellData      `json:"cells"`
}

type suiteData struct {
	ID       string     `json:"id"`
	Title    string     `json:"title"`
	Page     string     `json:"page"`
	Datasets []string   `json:"datasets"`
	Ranked   []lineData `json:"ranked"`
	Unranked []lineData `json:"unranked"`
}

type lineData struct {
	Model    string              `json:"model"`
	Rank     *[2]int             `json:"rank"`
	Missing  string              `json:"missing,omitempty"`
	Means    map[string]meanData `json:"means,omitempty"`
	Domains  map[string]meanData `json:"domains,omitempty"`
	Unseen   *meanData           `json:"unseen,omitempty"`
	Done     int                 `json:"done"`
	Failures *float64            `json:"failures,omitempty"`
	Price    *float64            `json:"price,omitempty"`
}

// meanData is F1, and the ends of its interval.
type meanData []*float64

type datasetData struct {
	ID       string           `json:"id"`
	Title    string           `json:"title"`
	Domain   string           `json:"domain"`
	Licence  string           `json:"licence"`
	Page     string           `json:"page"`
	Passages int              `json:"passages"`
	Spans    int              `json:"spans"`
	Types    []ner.EntityType `json:"types"`
	Text     bool             `json:"text"`
}

type modelData struct {
	Slug           string `json:"slug"`
	Name           string `json:"name"`
	Organisation   string `json:"organisation,omitempty"`
	Address        string `json:"address"`
	Digest         string `json:"digest,omitempty"`
	Track          string `json:"track,omitempty"`
	Tier           Tier   `json:"tier,omitempty"`
	Parameters     string `json:"parameters,omitempty"`
	Licence        string `json:"licence,omitempty"`
	OpenWeights    *bool  `json:"open_weights"`
	Released       string `json:"released,omitempty"`
	Demonstrations int    `json:"demonstrations"`
	Family         string `json:"family,omitempty"`
	Seen           []Seen `json:"seen"` // by dataset
	Page           string `json:"page"`
}

// cellData holds the runs of the board. Model and Dataset are places in their lists.
type cellData struct {
	Run     []string              `json:"run"`
	Model   []int                 `json:"model"`
	Dataset []int                 `json:"dataset"`
	Tier    []Tier                `json:"tier"`
	Missing map[string]string     `json:"missing"` // by run; absent: the run is whole
	Scores  map[string]*scoreData `json:"scores"`  // by metric
	// Outcomes holds a count for each run and each outcome that occurs.
	Outcomes     map[ner.Outcome][]int `json:"outcomes"`
	PromptTokens []*int64              `json:"prompt_tokens"`
	AnswerTokens []*int64              `json:"answer_tokens"`
	Seconds      []*float64            `json:"seconds"`
}

type scoreData struct {
	TP    []int      `json:"tp"`
	NPred []int      `json:"n_pred"`
	NGold []int      `json:"n_gold"`
	F1    []*float64 `json:"f1"`
	Low   []*float64 `json:"low"`
	High  []*float64 `json:"high"`
}

// data returns the data file of the board.
func (s *site) data() boardData {
	d := boardData{Title: s.name(), Version: s.Board.Version, Date: s.Board.Date, Metrics: s.Metrics, Currency: s.Currency}
	for i := range s.Suites {
		suite := &s.Suites[i]
		d.Suites = append(d.Suites, suiteData{suite.ID, suite.Title, s.SuitePage(suite.ID), suite.Datasets, linesData(suite.Ranked), linesData(suite.Unranked)})
	}
	datasets, models := map[string]int{}, map[string]int{}
	for i, x := range s.Datasets {
		datasets[x.ID] = i
		d.Datasets = append(d.Datasets, datasetData{x.ID, x.Title, x.Domain, x.Licence, s.DatasetPage(x.ID), x.Passages, x.Spans, x.Types, x.Text})
	}
	for i, m := range s.Models {
		models[m.Slug] = i
		seen := make([]Seen, len(s.Datasets))
		for k, x := range s.Datasets {
			if seen[k] = m.Seen[x.ID]; seen[k] == "" {
				seen[k] = SeenUnknown
			}
		}
		d.Models = append(d.Models, modelData{m.Slug, m.Name, m.Organisation, m.Address, m.Digest, m.Track, m.Tier, m.Parameters, m.Licence,
			m.OpenWeights, m.Released, m.Demonstrations, m.Family, seen, s.ModelPage(m.Slug)})
	}
	d.Cells = s.cellData(models, datasets)
	return d
}

func linesData(lines []Line) []lineData {
	list := []lineData{}
	for _, l := range lines {
		x := lineData{Model: l.Model, Missing: l.Missing, Means: meansData(l.Means), Domains: meansData(l.Domains), Done: l.Done, Failures: rounded(l.Failures), Price: l.Cost.Price}
		if l.From > 0 {
			x.Rank = &[2]int{l.From, l.To}
		}
		if l.Unseen != nil {
			unseen := newMeanData(*l.Unseen)
			x.Unseen = &unseen
		}
		list = append(list, x)
	}
	return list
}

func meansData(means map[string]Mean) map[string]meanData {
	m := map[string]meanData{}
	for name, mean := range means {
		m[name] = newMeanData(mean)
	}
	return m
}

func newMeanData(m Mean) meanData {
	d := meanData{rounded(&m.F1)}
	if m.Interval != nil {
		d = append(d, rounded(&m.Interval[0]), rounded(&m.Interval[1]))
	}
	return d
}

func (s *site) cellData(models, datasets map[string]int) cellData {
	c := cellData{
		Missing: map[string]string{}, Scores: map[string]*scoreData{}, Outcomes: map[ner.Outcome][]int{},
		Run: []string{}, Model: []int{}, Dataset: []int{}, Tier: []Tier{}, PromptTokens: []*int64{}, AnswerTokens: []*int64{}, Seconds: []*float64{},
	}
	for _, metric := range s.Metrics {
		c.Scores[metric] = &scoreData{}
	}
	for i := range s.Runs {
		r := &s.Runs[i]
		c.Run = append(c.Run, r.ID)
		c.Model = append(c.Model, models[r.Model])
		c.Dataset = append(c.Dataset, datasets[r.Dataset])
		c.Tier = append(c.Tier, r.Tier)
		if r.Missing != "" {
			c.Missing[r.ID] = r.Missing
		}
		for _, metric := range s.Metrics {
			c.Scores[metric].add(r.Scores[metric])
		}
		for o, n := range r.Outcomes {
			if c.Outcomes[o] == nil {
				c.Outcomes[o] = make([]int, len(s.Runs))
			}
			c.Outcomes[o][i] = n
		}
		c.PromptTokens = append(c.PromptTokens, r.Cost.PromptTokens)
		c.AnswerTokens = append(c.AnswerTokens, r.Cost.AnswerTokens)
		c.Seconds = append(c.Seconds, rounded(r.Cost.Seconds))
	}
	return c
}

func (d *scoreData) add(m Measure) {
	d.TP = append(d.TP, m.TP)
	d.NPred = append(d.NPred, m.NPred)
	d.NGold = append(d.NGold, m.NGold)
	d.F1 = append(d.F1, rounded(m.F1))
	var low, high *float64
	if m.Interval != nil {
		low, high = rounded(&m.Interval[0]), rounded(&m.Interval[1])
	}
	d.Low, d.High = append(d.Low, low), append(d.High, high)
}

// rounded rounds to six digits behind the point; what is not finite becomes nil.
func rounded(v *float64) *float64 {
	if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
		return nil
	}
	r := math.Round(*v*1e6) / 1e6
	return &r
}
