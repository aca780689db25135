package texts

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"nerbench/distill"
	"nerbench/harness"
	"nerbench/internal/terminal"
	"nerbench/ner"
)

// reasons are the meanings of the filters, in the order in which they are tried.
var reasons = []struct {
	reason  distill.Reason
	meaning string
}{
	{distill.Unparseable, "answers without a list of pairs"},
	{distill.BadPair, "items that are not a pair of entity and type"},
	{distill.ElseType, "entities of types such as none, misc or other"},
	{distill.NotEnglish, "entities in neither Latin nor Greek letters"},
	{distill.NotInPassage, "entities that do not occur in their passage"},
	{distill.Repeat, "repeated entities"},
	{distill.Echo, "entities that are equal to their type"},
	{distill.Conflict, "entities with more than two types"},
	{distill.NoEntityLeft, "passages without an entity"},
}

// WriteConstructed prints what was constructed.
func WriteConstructed(w io.Writer, c *harness.Constructed) error {
	fmt.Fprintf(w, "%s of %s in %s\n", ner.Count(c.Passages, "passage"), ner.Count(c.Texts, "text"), terminal.Printable(c.Dir))
	r := c.Removed
	fmt.Fprintf(w, "parts of the corpus: %d, of them blank %d, repeated %d, with words of a test set %d (%s)\n", r.Parts, r.Blank, r.Repeated, r.Contaminated, ner.Count(c.Tests, "dataset"))
	fmt.Fprintf(w, "teacher %s (run %s): %s answered, %d of them now\n", terminal.Printable(c.Teacher), c.Run, ner.Count(c.Answered, "passage"), c.Asked)
	if c.Plan != nil {
		return writePlan(w, c.Plan)
	}
	fmt.Fprintf(w, "kept: %s with %s of %s\n", ner.Count(c.Kept, "passage"), ner.Count(c.Entities, "entity"), ner.Count(c.Types, "type"))
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, one := range reasons {
		if n := c.Dropped[one.reason]; n > 0 {
			fmt.Fprintf(tw, "  dropped: %s\t%d\t%s\n", one.reason, n, one.meaning)
		}
	}
	if c.Conflicts > 0 {
		fmt.Fprintf(tw, "  kept: %s\t%d\tentities with more than two types\n", distill.Conflict, c.Conflicts)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for i, answer := range c.Unparsed {
		fmt.Fprintf(w, "answer %d that cannot be parsed: %s\n", i+1, terminal.Printable(beginning(answer)))
	}
	return nil
}

// beginning is the first part of an answer, on one line.
func beginning(answer string) string {
	const most = 120
	runes := []rune(strings.Join(strings.Fields(answer), " "))
	if len(runes) == 0 {
		return "(no text)"
	}
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(runes)
}

// writePlan prints what the answers that are left will cost.
func writePlan(w io.Writer, p *harness.ConstructPlan) error {
	if p.Probed == 0 {
		_, err := fmt.Fprintf(w, "plan: %s %s left, none was asked about\n", ner.Count(p.Left, "passage"), ner.Are(p.Left))
		return err
	}
	begin := fmt.Sprintf("plan, from the answers about %s, which are kept: %s %s left\n", ner.Count(p.Probed, "passage"), ner.Count(p.Left, "passage"), ner.Are(p.Left))
	if p.Left == 0 {
		_, err := io.WriteString(w, begin)
		return err
	}
	number := func(n *int) string {
		if n == nil {
			return "an unknown number"
		}
		return fmt.Sprint(*n)
	}
	money := "an unknown sum (--price-in and --price-out give the price)"
	switch {
	case p.Money != nil:
		money = fmt.Sprintf("%.2f", *p.Money)
	case p.PromptTokens == nil:
		money = "an unknown sum (the teacher does not report the number of its tokens)"
	}
	_, err := fmt.Fprintf(w, "%s  tokens: %s in prompts, %s in answers\n  time: %s\n  money: %s\n",
		begin, number(p.PromptTokens), number(p.AnswerTokens), time.Duration(p.Seconds*float64(time.Second)).Round(time.Second), money)
	return err
}
