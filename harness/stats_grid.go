package harness

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nerbench/datasets"
	"nerbench/ner"
	"nerbench/reports"
)

// StatsGrid lays out Table 6, measured beside published: the
// datasets by domain, with totals. In CSV it has a line for each split.
func StatsGrid(lines []Stats) reports.Grid {
	g := reports.Grid{
		Title:  "Table 6: documents measured / published",
		Header: []string{"dataset", "types", "train", "dev", "test", "entities", "state"},
	}
	for _, domain := range domainsOf(lines) {
		var of []Stats
		for _, l := range lines {
			if l.Domain == domain {
				of = append(of, l)
			}
		}
		for _, l := range of {
			g.Body = append(g.Body, statsCells(&l))
		}
		of = slices.DeleteFunc(of, func(l Stats) bool { return !published(&l) })
		if len(of) > 1 {
			g.Body = append(g.Body, domainTotals(domain, of))
		}
	}
	g.Notes = append(g.Notes, "* counted with --view table6, because the paper counted other documents than the files have",
		"entities: train + dev + test, in the documents of the files")
	g.Records = statsRecords(lines)
	for _, l := range lines {
		if l.Reason != "" {
			g.Notes = append(g.Notes, l.Dataset+": "+l.Reason)
		}
	}
	return g
}

// domainsOf lists the domains of Table 6, and then those of the user's own datasets.
func domainsOf(lines []Stats) []string {
	var own []string
	for _, l := range lines {
		if !slices.Contains(datasets.Domains, l.Domain) && !slices.Contains(own, l.Domain) {
			own = append(own, l.Domain)
		}
	}
	slices.Sort(own)
	return append(slices.Clone(datasets.Domains), own...)
}

// published reports whether Table 6 has the dataset.
func published(l *Stats) bool { return l.Published != datasets.Table6{} }

// statsRecords returns the counts for other programs: a line for each split of each
// dataset, and the totals of each domain in lines of their own kind. What was not
// measured is empty.
func statsRecords(lines []Stats) reports.Records {
	records := reports.Records{{"row", "domain", "kind", "split", "types", "types_published", "documents", "documents_table6", "documents_published", "entities", "state", "note"}}
	for _, domain := range domainsOf(lines) {
		for _, split := range ner.Splits {
			sum, entities, measured, n := [3]int{}, 0, 0, 0 // documents, those of Table 6, published ones
			for _, l := range lines {
				if l.Domain != domain {
					continue
				}
				n++
				published, _ := l.Published.Count(split)
				line := []string{l.Dataset, domain, "dataset", string(split), strconv.Itoa(l.Types), strconv.Itoa(l.Published.Types), "", "", strconv.Itoa(published), "", l.State, l.Reason}
				if l.Published == (datasets.Table6{}) { // a dataset that is not in the paper
					line[5], line[8] = "", ""
				}
				if p := l.Measured[split]; p != nil {
					line[6], line[7], line[9] = strconv.Itoa(p.Documents), strconv.Itoa(p.Count()), strconv.Itoa(p.Spans)
					sum[0], sum[1], sum[2] = sum[0]+p.Documents, sum[1]+p.Count(), sum[2]+published
					entities, measured = entities+p.Spans, measured+1
				}
				records = append(records, line)
			}
			if measured > 0 {
				total := ""
				if slices.Contains(datasets.Domains, domain) { // Table 6 has the domain
					total = strconv.Itoa(sum[2])
				}
				records = append(records, []string{
					domain, domain, "total", string(split), "", "", strconv.Itoa(sum[0]), strconv.Itoa(sum[1]), total, strconv.Itoa(entities), "",
					fmt.Sprintf("%d of %d datasets", measured, n),
				})
			}
		}
	}
	return records
}

func statsCells(l *Stats) []string {
	cells := []string{l.Dataset, fmt.Sprintf("%d/%d", l.Types, l.Published.Types)}
	if !published(l) {
		cells[1] = fmt.Sprint(l.Types)
	}
	var entities []string
	for _, split := range ner.Splits {
		n, _ := l.Published.Count(split)
		if published(l) {
			cells = append(cells, statsText(l.Measured[split], n))
		} else {
			cells = append(cells, ownText(l.Measured[split]))
		}
		if p := l.Measured[split]; p != nil {
			entities = append(entities, fmt.Sprint(p.Spans))
		} else {
			entities = append(entities, "–")
		}
	}
	return append(cells, strings.Join(entities, " + "), l.State)
}

// statsText returns a measured count and the published one. A star marks a count with
// the view of Table 6 that differs from the number of documents.
func statsText(p *StatsSplit, published int) string {
	switch {
	case p == nil:
		return fmt.Sprintf("–/%d", published)
	case p.Instances != nil && *p.Instances != p.Documents:
		return fmt.Sprintf("%d*/%d", *p.Instances, published)
	}
	return fmt.Sprintf("%d/%d", p.Documents, published)
}

// ownText returns the count of a split of the user's own dataset.
func ownText(p *StatsSplit) string {
	if p == nil {
		return "–"
	}
	return fmt.Sprint(p.Documents)
}

// domainTotals returns the sums of the published datasets of a domain. Published counts are
// summed over the measured datasets only.
func domainTotals(domain string, lines []Stats) []string {
	cells := []string{"= " + domain, ""}
	for _, split := range ner.Splits {
		measured, published, ds := 0, 0, 0
		for _, l := range lines {
			if p := l.Measured[split]; p != nil {
				n, _ := l.Published.Count(split)
				measured, published, ds = measured+p.Count(), published+n, ds+1
			}
		}
		cells = append(cells, fmt.Sprintf("%d/%d", measured, published))
		if split == ner.Test {
			cells = append(cells, "", fmt.Sprintf("test of %d of %d datasets", ds, len(lines)))
		}
	}
	return cells
}
