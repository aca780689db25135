package page

import (
	"fmt"
	"maps"
	"time"

	"nerbench/ner"
	"nerbench/reports"
)

// attacks are strings that run a script, load something, or leave their element, if
// any part of the page interprets them as more than text.
var attacks = []string{
	`<script>window.pwned=1</script>`,
	`"><img src=x onerror="window.pwned=2">`,
	`</script><script>window.pwned=3</script>`,
	`<!--<script>`,
	`';window.pwned=4;//`,
	`</pre></style></textarea><svg onload=window.pwned=5>`,
	`{{.Policy}}${window.pwned=6}`,
	`javascript:window.pwned=7`,
}

var domains = []string{"general", "biomed", "clinics", "stem", "programming", "social-media", "law", "finance", "transportation"}

// fullReport is a report with all sections: nine domains, three systems, datasets
// that were not run, failures, types, an interval, samples.
func fullReport() Report {
	r := Report{
		Title: "Zero-shot named entity recognition", Version: "0.1.0",
		Date: time.Date(2026, 11, 24, 16, 0, 0, 0, time.UTC),
	}
	for i, domain := range domains {
		for k := range 2 + i%2 {
			id := fmt.Sprintf("%s-%c", domain, 'a'+k)
			info := reports.DatasetInfo{ID: id, Title: fmt.Sprintf("Invented %s %c", domain, 'A'+k), Domain: domain}
			if k == 2 {
				info.Absent = "needs an agreement"
			}
			r.Datasets = append(r.Datasets, info)
			if k < 2 {
				r.Results = append(r.Results, fullResults(id, 3*i+k)...)
			}
		}
	}
	r.Samples = []Sample{fullSample()}
	r.Errors = map[string]map[string]int{}
	for i, result := range r.Results {
		if i%7 > 0 {
			r.Errors[result.ID] = map[string]int{"C": 70 + i, "T": 5, "B": 9, "BT": 1, "MIS": 15, "SPU": 20}
		}
	}
	return r
}

func fullResults(dataset string, n int) []reports.Result {
	gold := 400 + 17*n
	a := result("ollama/gemma3-4b", dataset, 150+9*((n*7)%13), 380+3*n, gold)
	b := result("vllm/UniNER-7B-type", dataset, 210+11*((n*5)%11), 390, gold)
	c := tagger(result("tagger", dataset, 120+13*((n*3)%17), 330+5*n, gold))
	a.Outcomes = map[ner.Outcome]int{ner.OK: 200, ner.Empty: 150, ner.Repaired: 24 + n, ner.Truncated: 4, ner.Blank: n % 3, ner.NoStructure: 6, ner.Malformed: 9}
	f1, _ := a.Scores[reports.SpanF1].F1()
	a.CI = map[string][2]float64{reports.SpanF1: {f1 - 0.031, f1 + 0.028}}
	a.Counters = map[string]int{"void": 12 + n, "unaligned": 5}
	for _, r := range []*reports.Result{&a, &b, &c} {
		r.ByType = map[string]map[ner.EntityType]ner.Score{reports.SpanF1: {
			"person": {TP: 40, NPred: 80, NGold: 90}, "organization": {TP: 33, NPred: 70, NGold: 61}, "gene or gene product": {NGold: 4},
		}}
	}
	return []reports.Result{a, b, c}
}

func fullSample() Sample {
	text := "Ada Lovelace wrote to Charles Babbage in London — café “Élan” was closed."
	at := func(s string, t ner.EntityType) ner.Span {
		for i := range text {
			if len(text)-i >= len(s) && text[i:i+len(s)] == s {
				return ner.Span{Start: i, End: i + len(s), Type: t}
			}
		}
		panic("not in the text: " + s)
	}
	return Sample{
		Dataset: "general-a", Document: "general-a/test/0", Model: "ollama/gemma3-4b", Text: text,
		Gold:      []ner.Span{at("Ada Lovelace", "person"), at("Charles Babbage", "person"), at("London", "location"), at("café “Élan”", "organization")},
		Predicted: []ner.Span{at("Ada Lovelace", "person"), at("Babbage", "person"), at("London", "location")},
		Unaligned: []ner.Mention{{Text: "Byron", Type: "person"}},
		Answers: []SampleAnswer{
			{Types: []ner.EntityType{"person"}, Text: `["Ada Lovelace", "Babbage", "Byron"]`, Outcome: ner.OK},
			{Types: []ner.EntityType{"location"}, Text: `The locations are ["London"`, Outcome: ner.Truncated},
		},
	}
}

// hostileReport is the full report with an attack in every value that comes from
// outside.
func hostileReport() Report {
	r := fullReport()
	attack := func(i int) string { return fmt.Sprintf("%s #%d", attacks[i%len(attacks)], i) }
	rename := map[string]string{}
	for i := range r.Datasets {
		rename[r.Datasets[i].ID] = attack(i)
		r.Datasets[i].ID, r.Datasets[i].Title, r.Datasets[i].Absent = attack(i), attack(i+1), attack(i/9)
		r.Datasets[i].Domain = attack(len(r.Datasets[i].Domain) % 5)
	}
	models := map[string]string{}
	for i := range r.Results {
		res := &r.Results[i]
		res.Keys = maps.Clone(res.Keys)
		if _, ok := models[res.Keys["model"]]; !ok {
			models[res.Keys["model"]] = attack(len(models))
		}
		res.Keys["model"], res.Keys["dataset"] = models[res.Keys["model"]], rename[res.Keys["dataset"]]
		res.Keys["family"], res.Keys[attack(3)] = attack(i), attack(4)
		res.ID, res.State = attack(i), attack(i+2)
		res.Counters = map[string]int{attack(5): 3}
		for _, a := range attacks {
			res.ByType[reports.SpanF1][ner.EntityType(a)] = ner.Score{TP: 1, NPred: 2, NGold: 3}
			res.Scores[a] = ner.Score{TP: 1, NPred: 2, NGold: 3}
		}
	}
	r.Title, r.Version = attack(0), attack(1)
	for i, a := range attacks {
		s := Sample{Dataset: a, Document: a, Model: a, Text: a, Unaligned: []ner.Mention{{Text: a, Type: ner.EntityType(a)}}}
		s.Gold = []ner.Span{{Start: 0, End: len(a) - i, Type: ner.EntityType(a)}}
		s.Answers = []SampleAnswer{{Types: []ner.EntityType{ner.EntityType(a)}, Text: a, Outcome: ner.Outcome(a)}}
		r.Samples = append(r.Samples, s)
	}
	return r
}
