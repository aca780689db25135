package texts

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"nerbench/datasets"
	"nerbench/datasets/acquire"
	"nerbench/harness"
	"nerbench/ner"
)

// WriteDataset prints all about a dataset, with the state of its data and how to get it.
func WriteDataset(to io.Writer, dataset *datasets.Dataset, state, howToGet string) error {
	w := bufio.NewWriter(to)
	fmt.Fprintf(w, "%s: %s\n\ndomain: %s\nstate: %s\naccess: %s, licence %s\ntext: %s\n%s\n", dataset.ID, dataset.Title, dataset.Domain, state, dataset.Access, dataset.Licence, textRule(dataset), howToGet)
	if dataset.Table6 != (datasets.Table6{}) {
		fmt.Fprintf(w, "Table 6: train %d, dev %d, test %d, %d types; reproduced from the native files: %s (%s)\n", dataset.Table6.Train, dataset.Table6.Dev, dataset.Table6.Test, dataset.Table6.Types, dataset.CountRule.Status, dataset.CountRule.Text)
	}
	if dataset.Citation.Text != "" {
		fmt.Fprintf(w, "citation: %s (%s)\n", dataset.Citation.Text, dataset.Citation.Key)
	}
	if dataset.Notes != "" {
		fmt.Fprintf(w, "notes: %s\n", dataset.Notes)
	}
	fmt.Fprintln(w, "\nlabels:")
	for _, l := range dataset.Labels {
		to := string(l.Type)
		if l.Drop {
			to = "(dropped)"
		}
		fmt.Fprintf(w, "  %s → %s\n", l.Native, to)
	}
	if len(dataset.Sets) > 0 {
		fmt.Fprintln(w, "\nfiles:")
	}
	for _, set := range dataset.Sets {
		about := ""
		if set.Unit != "" {
			about = ", one document per " + set.Unit
		}
		if set.Primary {
			about += ", primary"
		}
		fmt.Fprintf(w, "  set %s: format %s%s\n", set.Name, set.Family, about)
		for _, p := range set.Splits {
			var names []string
			for _, f := range p.Files {
				names = append(names, f.Path)
			}
			counts := "not measured"
			if p.Lock != nil {
				counts = fmt.Sprintf("%d documents, %d spans", p.Lock.Documents, p.Lock.Spans)
			}
			fmt.Fprintf(w, "    %s: %s: %s\n", p.Name, counts, strings.Join(names, ", ")+p.Layout)
		}
	}
	return w.Flush()
}

// textRule prints whether others may see the text of a dataset.
func textRule(dataset *datasets.Dataset) string {
	switch {
	case dataset.MayShow(datasets.PublishText):
		return "publish (may be shown to others)"
	case dataset.MayShow(datasets.NonCommercialText):
		return "noncommercial (may be shown to others for non-commercial use)"
	}
	return "never (may not be shown to others)"
}

// WriteDatasets prints a list of datasets, with the data folder.
func WriteDatasets(to io.Writer, lines []harness.DatasetLine, data string) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "dataset\tdomain\tstate\ttypes\ttrain\tdev\ttest\tlicence")
	ready := 0
	for _, l := range lines {
		if l.State == acquire.Ready {
			ready++
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\n", l.Dataset, l.Domain, l.State, l.Types, documentCounts(&l), l.Licence)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(to, "\n%d datasets, %d ready (data folder %s); the counts are from Table 6, for your own datasets from their locks\n", len(lines), ready, data)
	return err
}

// documentCounts are the cells with the documents of each split.
func documentCounts(l *harness.DatasetLine) string {
	if l.Table6 != (datasets.Table6{}) {
		return fmt.Sprintf("%d\t%d\t%d", l.Table6.Train, l.Table6.Dev, l.Table6.Test)
	}
	cells := slices.Repeat([]string{"–"}, len(ner.Splits))
	for k, split := range ner.Splits {
		if n, recorded := l.Recorded[split]; recorded {
			cells[k] = fmt.Sprint(n)
		}
	}
	return strings.Join(cells, "\t")
}
