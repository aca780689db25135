package prompts_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/ner"
	"nerbench/prompts"
)

const header = "meaning = \"m\"\nanswer = \"list\"\nshape = \"completion\"\nmax_tokens = 9\n[[variant]]\nname = \"a\"\n"

// TestOwnFaults holds what is said of families of the user's own that are wrong.
func TestOwnFaults(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"no header", map[string]string{"a.txt": "{text} {type}"}, "mine/family.toml"},
		{"no template", map[string]string{"family.toml": header}, "mine/family.toml: variant a: no template mine/a.txt"},
		{"no text", map[string]string{"family.toml": header, "a.txt": "{type}"}, "mine/a.txt:1: template without {text}"},
		{"no type", map[string]string{"family.toml": header, "a.txt": "{text}"}, "mine/a.txt:1: template without {type}"},
		{"unknown placeholder", map[string]string{"family.toml": header, "a.txt": "\n{text} {type} {typo}"}, "mine/a.txt:2: "},
		{"carriage return", map[string]string{"family.toml": header, "a.txt": "{text}\r\n{type}"}, "mine/a.txt:1: want UTF-8"},
		{"not UTF-8", map[string]string{"family.toml": header, "a.txt": "{text}\n{type}\xff"}, "mine/a.txt:2: want UTF-8"},
		{"stray file", map[string]string{"family.toml": header, "a.txt": "{text} {type}", "b.txt": "x"}, "mine/b.txt: not a file of a variant"},
		{"twice", map[string]string{"family.toml": header + "[[variant]]\nname = \"a\"\n", "a.txt": "{text} {type}"}, `"a" occurs twice`},
		{"empty stop", map[string]string{"family.toml": "stop = [\"\"]\n" + header, "a.txt": "{text} {type}"}, "an empty string would end every answer"},
		{"shots unasked", map[string]string{"family.toml": header, "a.txt": "{text} {type} {demonstrations}"}, "but fewshot is not true"},
		{"shots without form", map[string]string{"family.toml": "fewshot = true\n" + header, "a.txt": "{text} {type}"}, "demonstrations need a template of their own"},
		{"dataset unasked", map[string]string{"family.toml": header, "a.txt": "{dataset}{text} {type}"}, "but dataset_line is not true"},
		{"type of a list", map[string]string{"family.toml": header, "a.txt": "{text} {type}", "a.type.txt": "{type}"}, "has one type per query"},
	} {
		t.Run(c.name, func(t *testing.T) {
			read, err := prompts.ReadFamilies(folderOf("mine", c.files))
			if err != nil {
				t.Fatal(err)
			}
			if err := read.Faults["mine"]; err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
	if read, _ := prompts.ReadFamilies(folderOf("uniner", map[string]string{"family.toml": header, "a.txt": "{text} {type}"})); read.Faults["uniner"] == nil {
		t.Error("a family may take the name of one of the program's")
	}
	const device = "Windows reserves it for a device"
	if read, _ := prompts.ReadFamilies(folderOf("nul", map[string]string{"family.toml": header, "a.txt": "{text} {type}"})); read.Faults["nul"] == nil || !strings.Contains(read.Faults["nul"].Error(), device) {
		t.Errorf("a family with the name of a device: %v", read.Faults["nul"])
	}
	variant := strings.Replace(header, `"a"`, `"con"`, 1)
	if read, _ := prompts.ReadFamilies(folderOf("mine", map[string]string{"family.toml": variant, "con.txt": "{text} {type}"})); read.Faults["mine"] == nil || !strings.Contains(read.Faults["mine"].Error(), device) {
		t.Errorf("a variant with the name of a device: %v", read.Faults["mine"])
	}
}

// TestReadFamiliesKeepsOthers: a bad family does not prevent reading the others.
func TestReadFamiliesKeepsOthers(t *testing.T) {
	fsys := folderOf("good", map[string]string{"family.toml": header, "a.txt": "{text} {type}"})
	fsys["bad/family.toml"] = &fstest.MapFile{Data: []byte("meaning =")}
	read, err := prompts.ReadFamilies(fsys)
	if err != nil {
		t.Fatal(err)
	}
	if len(read.Items) != 1 || read.Items[0].Name != "good" || len(read.Faults) != 1 || read.Faults["bad"] == nil {
		t.Errorf("families %v, faults %v", prompts.Names(read.Items), read.Faults)
	}
}

func folderOf(family string, files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[family+"/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// TestOwnShapes renders a question of each shape of answers, with a demonstration.
func TestOwnShapes(t *testing.T) {
	train := []*ner.Document{{ID: "t", Text: "Bo saw Rome .", Spans: []ner.Span{{Start: 0, End: 2, Type: "person"}, {Start: 7, End: 11, Type: "city"}}}}
	for _, c := range []struct{ answer, prompt, types, want string }{
		{"list", "{demonstrations}{text}|{type}", "", "Bo saw Rome . ["},
		{"object", "{demonstrations}{text}|{types}", "", `Bo saw Rome . {"person": ["Bo"], "city": ["Rome"]};Ann left .|person, city`},
		{"objects", "{demonstrations}{text}|{types}", "", `Bo saw Rome . [{"text": "Bo", "type": "person"}, {"text": "Rome", "type": "city"}];Ann left .|person, city`},
		{"pairs", "{demonstrations}{text}|{types}", "", `Bo saw Rome . [["Bo", "person"], ["Rome", "city"]];Ann left .|person, city`},
		{"tags", "{demonstrations}{text}|{types}{tags}", "{type}={tag} ", `Bo saw Rome . <person>Bo</person> saw <city>Rome</city> .;Ann left .|person=person city=city <person>, <city>`},
	} {
		t.Run(c.answer, func(t *testing.T) {
			files := map[string]string{
				"family.toml": "fewshot = true\n" + strings.Replace(header, `"list"`, `"`+c.answer+`"`, 1),
				"a.txt":       c.prompt + "\n", "a.demonstration.txt": "{text} {answer};",
			}
			if c.types != "" {
				files["a.type.txt"] = c.types
			}
			own, err := prompts.ReadFamilies(folderOf("mine", files))
			if err != nil {
				t.Fatal(err)
			}
			dataset := prompts.Dataset{ID: "r", Types: []prompts.TypeInfo{{Name: "person"}, {Name: "city"}}, Train: train}
			r, err := prompts.New(dataset, prompts.Settings{Family: "mine", Own: own.Items, Shots: "1"})
			if err != nil {
				t.Fatal(err)
			}
			queries, err := r.Queries(&ner.Document{ID: "d", Text: "Ann left ."})
			if err != nil {
				t.Fatal(err)
			}
			if got := queries[0].Prompt.Text; !strings.HasPrefix(got, c.want) {
				t.Errorf("prompt %q, want %q", got, c.want)
			}
			if r.Keys()["answer"] != c.answer {
				t.Errorf("keys %v have no answer=%s", r.Keys(), c.answer)
			}
			other := files
			other["a.txt"] = strings.Replace(c.prompt, "|", "/", 1)
			changed, err := prompts.ReadFamilies(folderOf("mine", other))
			if err != nil {
				t.Fatal(err)
			}
			if changed.Items[0].Hash() == own.Items[0].Hash() {
				t.Error("another template has the same hash")
			}
		})
	}
}
