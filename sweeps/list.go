package sweeps

import (
	"strings"

	"nerbench/reports"
)

// PlanLine is an embedded plan in a list.
type PlanLine struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	Meaning string   `json:"meaning"`
	Varied  []string `json:"varied"`
}

// List lists the embedded plans.
func List() ([]PlanLine, error) {
	list := []PlanLine{}
	for _, name := range Names() {
		s, err := Named(name)
		if err != nil {
			return nil, err
		}
		list = append(list, PlanLine{s.Name, s.Title, s.Meaning, s.Varied()})
	}
	return list, nil
}

// ListGrid returns the list of the embedded plans as a table.
func ListGrid(list []PlanLine) *reports.Grid {
	g := &reports.Grid{Title: "embedded plans", Header: []string{"sweep", "varies", "meaning"}, Labels: 3}
	for _, p := range list {
		g.Body = append(g.Body, []string{p.Name, strings.Join(p.Varied, ", "), p.Meaning})
	}
	return g
}
