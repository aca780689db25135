package chattemplate

import (
	"os"
	"slices"
	"strings"
	"testing"

	"nerbench/internal/campaign"
	"nerbench/ner"
)

func TestMain(m *testing.M) {
	if Serve() {
		return
	}
	os.Exit(m.Run())
}

var input = Input{
	Messages: []ner.Message{{Role: "system", Content: "You are terse."}, {Role: "user", Content: "Who left \xffPort Varna?"}},
	Think:    true, BOS: "<s>", EOS: "</s>",
}

const good = `{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m['content'] }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}{% if enable_thinking %}<think>{% endif %}`

func TestRender(t *testing.T) {
	template := New(good)
	defer template.Close()
	var first *process
	want := "<s><system>You are terse.<user>Who left \xffPort Varna?<assistant><think>"
	for range 3 {
		if got, err := template.Render(input); err != nil || got != want {
			t.Fatalf("%q, %v; want %q", got, err, want)
		}
		if first == nil {
			first = template.process
		}
	}
	if template.process != first {
		t.Error("a second process was started")
	}
}

// TestGeneration: the tags of transformers are no error, and mark what is trained.
func TestGeneration(t *testing.T) {
	messages := []ner.Message{{Role: "user", Content: "Who?"}, {Role: "assistant", Content: "Zoë."}, {Role: "user", Content: "Where?"}, {Role: "assistant", Content: "Essa."}}
	for _, tc := range []struct {
		name, source, text string
		trained            []string
	}{
		{"marks", `{% for m in messages %}{% if m.role == 'user' %}<{{ m.content }}>{% else %} {% generation %}{{ m.content }}|{% endgeneration %}{% endif %}{% endfor %}{% if add_generation_prompt %}@{% endif %}`,
			"<Who?> Zoë.|<Where?> Essa.|", []string{"Zoë.|", "Essa.|"}},
		{"minus signs", `{% for m in messages %}{% if m.role == 'user' %}<{{ m.content }}>{% else %} {%- generation -%} {{ m.content }} {%- endgeneration %} |{% endif %}{% endfor %}`,
			"<Who?>Zoë. |<Where?>Essa. |", []string{"Zoë.", "Essa."}},
		{"no marks", `{% for m in messages %}{{ m.content }}{% endfor %}`, "Who?Zoë.Where?Essa.", nil},
		{"an empty part", `{% for m in messages %}{{ m.content }}{% generation %}{% endgeneration %}{% endfor %}`, "Who?Zoë.Where?Essa.", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			template := New(tc.source)
			defer template.Close()
			text, ranges, err := template.RenderTrained(Input{Messages: messages})
			if err != nil || text != tc.text {
				t.Fatalf("text is %q, %v; want %q", text, err, tc.text)
			}
			var trained []string
			for _, r := range ranges {
				trained = append(trained, text[r.Start:r.End])
			}
			if !slices.Equal(trained, tc.trained) {
				t.Errorf("trained is %q, want %q", trained, tc.trained)
			}
			if plain, err := template.Render(Input{Messages: messages}); err != nil || strings.TrimSuffix(plain, "@") != tc.text {
				t.Errorf("without marks: %q, %v", plain, err)
			}
		})
	}
}

// TestHostile: a template that exceeds a limit ends in one clear error.
func TestHostile(t *testing.T) {
	for _, tc := range []struct{ name, source, want string }{
		{"loops", `{% for a in range(10000) %}{% for b in range(10000) %}{% for c in range(10000) %}{% endfor %}{% endfor %}{% endfor %}`, "stopped: it runs for more than 1s"},
		{"a long range", `{% for a in range(1000000000000) %}x{% endfor %}`, "stopped: it"},
		{"a string that doubles", `{% set ns = namespace(s='x') %}{% for a in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}`, "stopped: it"},
		{"output that doubles", `{% set ns = namespace(s='xy') %}{% for a in range(24) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s }}`, "writes 33554432 bytes: at most 16777216"},
		{"an indent", `{{ "a\nb"|indent(100000000000) }}`, "stopped: it needs more than 256 MiB"},
		{"a macro that calls itself", `{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}`, "stopped: it calls itself"},
		{"a value in itself", `{% set ns = namespace() %}{% set ns.ns = ns %}{{ ns }}`, "stopped: it calls itself"},
		{"nested brackets", `{{ ` + strings.Repeat("(", 500_000) + ` }}`, "stopped: it calls itself, or is nested"},
		{"a long template", strings.Repeat("x", mostSource+1), "has 1048577 bytes"},
		{"a long message", `{{ raise_exception("` + strings.Repeat("no\\n", 1000) + `") }}`, "no no… (3000 bytes)"},
		{"no Jinja", `{% for %}`, "jinja parse"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			template := New(tc.source)
			defer template.Close()
			for range 2 { // the second time, the error is known
				text, err := template.Render(input)
				if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 400 {
					t.Errorf("%.40q, %v; want %q", text, err, tc.want)
				}
			}
		})
	}
}

// TestDamagedTemplates: a damaged template ends in a text or in an error of one line,
// within the limits.
func TestDamagedTemplates(t *testing.T) {
	c := campaign.Start(t, campaign.Size{Short: 200, Full: 20_000})
	for range c.Tries {
		template := New(string(campaign.Damage(c.Random, []byte(good))))
		text, err := template.Render(input)
		template.Close()
		switch {
		case len(text) > mostText:
			t.Errorf("%d bytes", len(text))
		case err == nil:
			c.Saw(1, "were rendered")
		case strings.Contains(err.Error(), "\n") || len(err.Error()) > 400:
			t.Errorf("error of %d bytes: %.500q", len(err.Error()), err)
		case strings.Contains(err.Error(), "stopped: "):
			c.Saw(1, "were stopped")
		default:
			c.Saw(1, "were refused")
		}
	}
}

// TestNoChild: a program that does not call Serve starts no chain of processes.
func TestNoChild(t *testing.T) {
	t.Setenv(variable, "1")
	if _, err := New("x").Render(input); err == nil || !strings.Contains(err.Error(), "Serve") {
		t.Errorf("error %v", err)
	}
}

// FuzzRender: each template ends in a text or in an error of one line, within the limits.
func FuzzRender(f *testing.F) {
	f.Add(good)
	f.Add(`{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}`)
	f.Add(`{% set ns = namespace(s='x') %}{% for a in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}`)
	f.Add(`{{ messages[0].content[1:-1]|tojson|indent(2)|upper }}{{ messages|map(attribute='role')|join(', ')|replace('u', 'v') }}`)
	f.Fuzz(func(t *testing.T, source string) {
		template := New(source)
		defer template.Close()
		text, err := template.Render(input)
		if len(text) > mostText || err != nil && (strings.Contains(err.Error(), "\n") || len(err.Error()) > 400) {
			t.Errorf("%d bytes, %v", len(text), err)
		}
	})
}
