package site

import (
	"slices"
	"strings"
	"testing"
)

func TestSlugs(t *testing.T) {
	names := []string{"qwen3:8b", "Qwen3-8B", "GPT 4", "../../x", "</script>", "con", "con.txt", "Modell Größe", "模型", "", "...", "a..b",
		strings.Repeat("n", 10_000), strings.Repeat("n", 10_001), "\u202egpj.exe", "solo"}
	slugs := Slugs(names)
	seen := map[string]string{}
	for _, name := range names {
		slug := slugs[name]
		if !isSlug.MatchString(slug) || strings.Contains(slug, "..") || len(slug) > maxSlug+9 || reserved.MatchString(slug) {
			t.Errorf("%.20q: slug %q", name, slug)
		}
		if other, ok := seen[slug]; ok {
			t.Errorf("%.20q and %.20q share the slug %q", name, other, slug)
		}
		seen[slug] = name
	}
	if slugs["solo"] != "solo" || slugs["GPT 4"] != "gpt-4" {
		t.Errorf("plain names: %q, %q", slugs["solo"], slugs["GPT 4"])
	}
	slices.Reverse(names)
	for name, slug := range Slugs(names) {
		if slugs[name] != slug {
			t.Errorf("%.20q: %q in another order, %q before", name, slug, slugs[name])
		}
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain":       "plain",
		"a\u202eb":    `a\u202eb`,
		"a\u2066b":    `a\u2066b`,
		"a\x00b\x1b[": `a\u0000b\u001b[`,
		"a\U000e0001": `a\U000e0001`,
		"zero\u200bw": `zero\u200bw`,
		"größe 模型\n":  "größe 模型\n",
		"a\u2028b":    `a\u2028b`,
	} {
		if got := Visible(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := short(strings.Repeat("ä", 100)); got != strings.Repeat("ä", maxName)+"…" {
		t.Errorf("a long name is %q", got)
	}
}
