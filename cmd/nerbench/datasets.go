package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"nerbench/datasets"
	"nerbench/loaders"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/runners"
)

func datasetsCommand(env *environment) *cli.Command {
	suite := &cli.StringFlag{Name: "suite", Usage: "rows of a `SUITE` only"}
	viewFlag := &cli.StringFlag{Name: "view", Value: "all", Usage: "`VIEW` of the units: all, or table6 for those that the paper counted"}
	seedFlag := &cli.IntFlag{Name: "seed", Usage: "`SEED` of a split that the release lacks"}
	domain := &cli.StringFlag{Name: "domain", Usage: "rows of a `DOMAIN` only"}
	return &cli.Command{
		Name:  "datasets",
		Usage: "the rows of the benchmark and their data",
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "the rows: what is here, what is missing, licences", Flags: []cli.Flag{suite, domain},
				Action: func(c *cli.Context) error { return env.listDatasets(c.Context, c.String("suite"), c.String("domain")) },
			},
			{
				Name: "show", Usage: "one row in full", ArgsUsage: "ROW",
				Action: func(c *cli.Context) error { return env.showDataset(c) },
			},
			{
				Name: "fetch", Usage: "download what may be downloaded", ArgsUsage: "[ROW...]",
				Description: `fetch downloads the files of rows from their official sources, verifies them and
puts them where the loaders look. It goes on where it was stopped. Rows that need
an agreement or a licence are refused with the place to ask. HF_TOKEN, HF_HOME,
HF_ENDPOINT and HTTPS_PROXY are honoured.`,
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "suite", Usage: "rows of a `SUITE`"},
					&cli.BoolFlag{Name: "dry-run", Usage: "print the addresses and download nothing"},
				},
				Action: func(c *cli.Context) error { return env.fetchDatasets(c) },
			},
			{
				Name: "import", Usage: "take over your own copy of a row's files", ArgsUsage: "ROW PATH",
				Description: `import finds the row's files in a folder, an archive (zip, tar, tar.gz) or a single
file: by their checksums, by their names, else by reading them. What it decided is
printed; where it cannot decide, --set and --split do.`,
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "set", Usage: "`SET` of files that it is"},
					&cli.StringFlag{Name: "split", Usage: "`SPLIT` that it is"},
					&cli.BoolFlag{Name: "accept", Usage: "take over files that are not the locked data"},
				},
				Action: func(c *cli.Context) error { return env.importDataset(c) },
			},
			{
				Name: "lint", Usage: "check the file of a row of your own", ArgsUsage: "FILE...",
				Action: func(c *cli.Context) error { return env.lintRows(c.Args().Slice()) },
			},
			{
				Name: "verify", Usage: "hold the data against the locked counts and checksums", ArgsUsage: "[ROW...]",
				Action: func(c *cli.Context) error { return env.verifyDatasets(c.Context, c.Args().Slice()) },
			},
			{
				Name: "stats", Usage: "Table 6: measured beside published",
				Flags: []cli.Flag{suite, domain, &cli.StringFlag{Name: "format", Value: "text", Usage: "`FORMAT`: " + strings.Join(reports.GridFormats(), ", ") + " (or --json)"}},
				Action: func(c *cli.Context) error {
					return env.datasetStats(c.Context, c.String("suite"), c.String("domain"), c.String("format"))
				},
			},
			{
				Name: "export", Usage: "documents as JSON Lines or columns", ArgsUsage: "ROW",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "split", Value: "test", Usage: "`SPLIT`: train, dev, test"},
					&cli.StringFlag{Name: "set", Usage: "`SET` of files (default: the primary one)"},
					&cli.StringFlag{Name: "gold", Value: "native", Usage: "gold `RULE`: native, uniner"},
					viewFlag, seedFlag,
					&cli.StringFlag{Name: "format", Value: "jsonl", Usage: "`FORMAT`: jsonl, conll"},
					&cli.IntFlag{Name: "limit", Usage: "the first `N` documents only"},
				},
				Action: func(c *cli.Context) error { return env.exportDataset(c) },
			},
		},
	}
}

// The states of a row's data here.
const (
	stateReady     = "ready"
	stateMissing   = "missing"
	stateAgreement = "needs agreement"
	statePaid      = "needs licence"
	stateNoReader  = "no reader yet"
)

// rowState says whether a row can be run here: ready, or why it cannot. What
// counts is its test split, or all of it where it has none.
func (env *environment) rowState(ctx context.Context, row *datasets.Row) string {
	if !loaders.Supported(row, "") {
		return stateNoReader
	}
	here := true
	for _, split := range decisiveSplits(row) {
		here = here && loaders.Present(ctx, env.dataFS(), row, loaders.Options{Split: split}) == nil
	}
	switch {
	case here:
		return stateReady
	case row.Access == "agreement":
		return stateAgreement
	case row.Access == "paid":
		return statePaid
	}
	return stateMissing
}

// decisiveSplits are the splits of the primary set that a row cannot do without.
func decisiveSplits(row *datasets.Row) []ner.Split {
	set, err := row.Set("")
	if err != nil {
		return nil
	}
	var all []ner.Split
	for _, p := range set.Splits {
		if p.Name == ner.Test {
			return []ner.Split{ner.Test}
		}
		all = append(all, p.Name)
	}
	return all
}

// datasetLine is a row in the list.
type datasetLine struct {
	Row     string          `json:"row"`
	Title   string          `json:"title"`
	Domain  string          `json:"domain"`
	State   string          `json:"state"`
	Types   int             `json:"types"`
	Table6  datasets.Table6 `json:"table6"`
	Access  string          `json:"access"`
	Licence string          `json:"licence"`
}

func (env *environment) listDatasets(ctx context.Context, suite, domain string) error {
	rows, err := env.selectRows(nil, suite, domain)
	if err != nil {
		return err
	}
	lines := []datasetLine{}
	ready := 0
	for _, r := range rows {
		l := datasetLine{r.ID, r.Title, r.Domain, env.rowState(ctx, r), len(r.Types()), r.Table6, r.Access, r.Licence}
		if l.State == stateReady {
			ready++
		}
		lines = append(lines, l)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if env.json {
		return env.printJSON(lines)
	}
	w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "row\tdomain\tstate\ttypes\ttrain\tdev\ttest\tlicence")
	for _, l := range lines {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\n", l.Row, l.Domain, l.State, l.Types, l.Table6.Train, l.Table6.Dev, l.Table6.Test, l.Licence)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.stdout, "\n%d rows, %d ready (data folder %s); counts are those of Table 6\n", len(lines), ready, env.data)
	return err
}

// oneRow reads the single row that a command names.
func (env *environment) oneRow(c *cli.Context, command string, more int) (*datasets.Row, error) {
	if c.NArg() != 1+more {
		return nil, usagef("%s: want %s", command, c.Command.ArgsUsage)
	}
	rows, err := env.allRows()
	if err != nil {
		return nil, err
	}
	row, err := datasets.Find(rows, c.Args().First())
	if err != nil {
		return nil, usagef("%s: %v", command, err)
	}
	return row, nil
}

func (env *environment) showDataset(c *cli.Context) error {
	row, err := env.oneRow(c, "datasets show", 0)
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(struct {
			*datasets.Row
			State    string `json:"state"`
			HowToGet string `json:"how_to_get"`
		}{row, env.rowState(c.Context, row), env.howToGet(row)})
	}
	w := bufio.NewWriter(env.stdout)
	fmt.Fprintf(w, "%s: %s\n\ndomain: %s\nstate: %s\naccess: %s, licence %s\n%s\n", row.ID, row.Title, row.Domain, env.rowState(c.Context, row), row.Access, row.Licence, env.howToGet(row))
	fmt.Fprintf(w, "Table 6: train %d, dev %d, test %d, %d types; reached from the native files: %s (%s)\n", row.Table6.Train, row.Table6.Dev, row.Table6.Test, row.Table6.Types, row.CountRule.Status, row.CountRule.Text)
	fmt.Fprintf(w, "citation: %s (%s)\n", row.Citation.Text, row.Citation.Key)
	if row.Notes != "" {
		fmt.Fprintf(w, "notes: %s\n", row.Notes)
	}
	fmt.Fprintln(w, "\nlabels:")
	for _, l := range row.Labels {
		to := string(l.Type)
		if l.Drop {
			to = "(dropped)"
		}
		fmt.Fprintf(w, "  %s → %s\n", l.Native, to)
	}
	fmt.Fprintln(w, "\nfiles:")
	for _, set := range row.Sets {
		primary := ""
		if set.Primary {
			primary = ", primary"
		}
		fmt.Fprintf(w, "  set %s: format %s, one document a %s%s\n", set.Name, set.Family, set.Unit, primary)
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

func (env *environment) exportDataset(c *cli.Context) error {
	row, err := env.oneRow(c, "datasets export", 0)
	if err != nil {
		return err
	}
	o := loaders.Options{Set: c.String("set"), Split: ner.Split(c.String("split")), View: c.String("view"), Seed: c.Int("seed")}
	if o.Gold, err = goldRule(row, c.String("gold")); err != nil {
		return err
	}
	if err := checkView(o.View); err != nil {
		return err
	}
	write := loaders.WriteDocument
	switch format := c.String("format"); format {
	case "jsonl":
	case "conll":
		write = loaders.WriteConll
	default:
		return usagef("datasets export: --format %s: want jsonl or conll", format)
	}
	docs, err := env.documents(c.Context, row, o)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(env.stdout)
	n := 0
	for d, err := range docs {
		if err != nil {
			return errors.Join(out.Flush(), err)
		}
		if limit := c.Int("limit"); limit > 0 && n >= limit {
			break
		}
		n++
		if err := write(out, d); err != nil {
			return errors.Join(out.Flush(), err)
		}
	}
	return out.Flush()
}

// lintRows checks files of rows, all of them, whatever is wrong with the first.
func (env *environment) lintRows(files []string) error {
	if len(files) == 0 {
		return usagef("datasets lint: want FILE...")
	}
	benchmark, err := datasets.Embedded()
	if err != nil {
		return err
	}
	bad := 0
	for _, file := range files {
		row, err := datasets.ReadFile(os.DirFS(filepath.Dir(file)), filepath.Base(file))
		if err == nil {
			if _, clash := datasets.Find(benchmark, row.ID); clash == nil {
				err = fmt.Errorf("%s: id: the benchmark has a row %s", filepath.Base(file), row.ID)
			}
		}
		if err != nil {
			bad++
			fmt.Fprintln(env.stdout, err)
			continue
		}
		fmt.Fprintf(env.stdout, "%s: ok: row %s, %d types, sets of %s\n", filepath.Base(file), row.ID, len(row.Types()), strings.Join(row.Families, ", "))
	}
	if bad > 0 {
		return fmt.Errorf("datasets lint: %d of %d files have faults", bad, len(files))
	}
	return nil
}

// goldRule reads the option gold.
func goldRule(row *datasets.Row, name string) (datasets.UniNERGold, error) {
	switch name {
	case "", "native":
		return datasets.NativeGold, nil
	case "uniner":
		if row.UniNERGold == "" {
			return "", usagef("row %s: gold=uniner: the paper's authors published no test file of this row", row.ID)
		}
		return row.UniNERGold, nil
	}
	return "", usagef("gold %q: want native or uniner", name)
}

// adviseNoReader names the formats that can be read.
func adviseNoReader(row *datasets.Row) error {
	return dataError(&runners.Hint{
		Err:    fmt.Errorf("row %s: no reader yet for its formats (%s)", row.ID, strings.Join(row.Families, ", ")),
		Advice: "readers exist for " + strings.Join(loaders.Families(), ", ") + "; convert your copy and describe it in a row of your own (--rows)",
	})
}
