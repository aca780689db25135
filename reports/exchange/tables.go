package exchange

import (
	"slices"
	"strings"
	"time"

	"nerbench/ner"
)

// column is a column of a table of runs or passages.
type column struct {
	name string
	kind kind
}

// kind is the type of the values of a column. A value that does not exist is nil.
type kind int

const (
	text     kind = iota // string
	whole                // int64
	fraction             // float64
)

// table is a table in the long form. Each row has one value for each column.
type table struct{ columns []column }

// add appends columns of one kind; a name that is there already is skipped.
func (t *table) add(k kind, names ...string) {
	for _, name := range names {
		if !slices.ContainsFunc(t.columns, func(c column) bool { return c.name == name }) {
			t.columns = append(t.columns, column{name, k})
		}
	}
}

// row orders values by the columns.
func (t *table) row(values map[string]any) []any {
	row := make([]any, len(t.columns))
	for i, c := range t.columns {
		row[i] = values[c.name]
	}
	return row
}

// metricsTable has the columns of the table with one row for each run and metric: the
// score, what it is over, and all keys and facts. They do not depend on the runs.
func metricsTable() *table {
	t := &table{}
	t.add(text, "run", "model", "dataset", "split", "metric")
	t.add(fraction, "f1", "precision", "recall", "tp")
	t.add(whole, "n_pred", "n_gold")
	t.add(fraction, "ci_low", "ci_high")
	t.add(whole, "passages_scored", "passages", "split_passages", "n_queries", "failed_queries")
	t.add(text, "note", "updated", "parser_version", "metric_version")
	t.add(text, ner.KeyNames()...)
	for _, f := range ner.Facts {
		t.add(text, f.Name)
	}
	t.add(text, "signature")
	return t
}

// metricsRows are the rows of [metricsTable], in the order of the runs.
func metricsRows(t *table, runs []*Run) [][]any {
	var rows [][]any
	for _, r := range runs {
		for i := range r.Metrics {
			rows = append(rows, t.row(metricValues(r, &r.Metrics[i])))
		}
	}
	return rows
}

func metricValues(r *Run, m *Metric) map[string]any {
	values := map[string]any{}
	for _, texts := range []map[string]string{r.Facts, r.Keys} {
		for name, v := range texts {
			if v != "" {
				values[name] = v
			}
		}
	}
	f := m.Figures
	values["run"], values["metric"] = r.ID, m.ID
	values["parser_version"], values["metric_version"], values["signature"] = m.Reader, m.Version, m.Signature
	values["updated"] = r.Updated.UTC().Format(time.RFC3339)
	values["tp"], values["n_pred"], values["n_gold"] = f.TP, int64(f.NPred), int64(f.NGold)
	for name, v := range map[string]*float64{"f1": f.F1, "precision": f.Precision, "recall": f.Recall} {
		if v != nil {
			values[name] = *v
		}
	}
	if f.CI != nil {
		values["ci_low"], values["ci_high"] = f.CI[0], f.CI[1]
	}
	values["passages_scored"], values["passages"] = int64(r.Scored), int64(r.Passages)
	values["n_queries"], values["failed_queries"] = int64(r.Queries), int64(r.failures())
	delete(values, "split_passages") // a fact is a text
	if r.Split > 0 {
		values["split_passages"] = int64(r.Split)
	}
	if r.Note != "" {
		values["note"] = r.Note
	}
	return values
}

// countsTable has one row for each passage and metric: enough for intervals and tests.
func countsTable() *table {
	t := &table{}
	t.add(text, "run", "model", "dataset")
	t.add(whole, "index")
	t.add(text, "passage", "metric")
	t.add(fraction, "tp")
	t.add(whole, "n_pred", "n_gold")
	return t
}

// passagesTable has one row for each passage. Entities and answers are lists in JSON.
func passagesTable() *table {
	t := &table{}
	t.add(text, "run", "model", "dataset")
	t.add(whole, "index")
	t.add(text, "passage", "text", "gold", "predicted", "answers", "outcomes")
	t.add(whole, "n_queries", "failed_queries", "prompt_tokens", "answer_tokens")
	return t
}

func passageValues(r *Run, p *Passage) map[string]any {
	values := map[string]any{
		"run": r.ID, "model": r.Model.Name, "dataset": r.Dataset.ID, "index": int64(p.Index), "passage": p.ID,
		"gold": entityList(p.Gold), "predicted": entityList(p.Pred), "n_queries": int64(len(p.Queries)),
	}
	var answers, outcomes []string
	var failed, prompts, tokens int64
	for _, q := range p.Queries {
		answers, outcomes = append(answers, q.Answer), append(outcomes, string(q.Outcome))
		if q.Outcome.Failure() {
			failed++
		}
		prompts, tokens = prompts+int64(q.PromptTokens), tokens+int64(q.AnswerTokens)
	}
	values["outcomes"], values["failed_queries"] = strings.Join(outcomes, " "), failed
	if prompts+tokens > 0 { // else the server reports none
		values["prompt_tokens"], values["answer_tokens"] = prompts, tokens
	}
	if r.Dataset.Shown {
		values["text"], values["answers"] = p.Text, ner.JSONList(answers, ",")
	}
	return values
}
