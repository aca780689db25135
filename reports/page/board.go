package page

import "nerbench/reports"

// boardLine is one line of the leaderboard.
type boardLine struct {
	system
	Means            []figure // the averages of each headline metric
	Note             string   // why there is no mean, or the runs that it has or leaves out
	Unreadable       string
	Used, Total, Ran int
	Passages         int
	Queries          int
}

func board(d *data) []boardLine {
	var lines []boardLine
	for _, s := range d.systems {
		line := boardLine{system: s}
		for _, m := range headline {
			for _, name := range averages(d.datasets) {
				line.Means = append(line.Means, figure{Main: reports.Percent(d.datasets.Cell(m.ID, name, s.Name).Value)})
			}
		}
		c := d.datasets.Cell(reports.SpanF1, reports.MeanRows, s.Name)
		line.Used, line.Total = c.Used, c.Total
		line.Note = c.Note
		own := d.runsOf(s.Name)
		n := total(own)
		line.Passages, line.Queries = n.passages, n.queries
		line.Unreadable = reports.Share(n.failures, n.queries)
		line.Ran = len(datasetsOf(own))
		lines = append(lines, line)
	}
	return lines
}
