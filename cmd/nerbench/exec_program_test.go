package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// programArgument makes the test binary a program that is asked; the next argument is its
// kind.
const programArgument = "be-a-program"

// askedPassage is a passage as a program reads it.
type askedPassage struct {
	ID, Text string
	Queries  []struct {
		Types    []string
		Prompt   string
		Messages []struct{ Content string }
	}
}

// beProgram answers as a program of a user does.
func beProgram(kind string, args []string) {
	if kind == "clock" {
		fmt.Println(time.Now().Unix())
		return
	}
	fmt.Fprintln(os.Stderr, "started")
	answers := "spans"
	if kind == "mentions" || kind == "answers" {
		answers = kind
	}
	switch kind {
	case "silent":
		time.Sleep(time.Hour)
	case "log":
		fmt.Println("Loading")
		time.Sleep(time.Hour)
	case "nopackage":
		fmt.Fprintln(os.Stderr, "Traceback (most recent call last):\n  File \"x.py\", line 1, in <module>\nModuleNotFoundError: No module named 'gliner'")
		os.Exit(1)
	}
	fmt.Printf(`{"nerbench_exec":1,"name":"test/%s","version":"1","answers":%q,"batch":4}`+"\n", kind, answers)
	if kind == "recorded" || kind == "hangs" {
		record(os.Getpid())
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var p askedPassage
		if err := json.Unmarshal(in.Bytes(), &p); err != nil {
			panic(err)
		}
		bad := len(args) > 0 && strings.Contains(p.Text, args[0])
		if kind == "recorded" {
			p.await()
		}
		switch {
		case kind == "hangs":
			time.Sleep(time.Hour)
		case (kind == "ends" || kind == "recorded") && bad:
			fmt.Fprintln(os.Stderr, "no more memory")
			os.Exit(7)
		case kind == "outside" && bad:
			fmt.Printf(`{"id":%q,"spans":[{"start":0,"end":9999,"type":"person"}]}`+"\n", p.ID)
		default:
			fmt.Println(p.answer(answers))
		}
	}
}

// await waits until the file "last", if there is one, has the number of the passage or a
// larger one. The program ends with the process that started it.
func (p *askedPassage) await() {
	for parent := os.Getppid(); os.Getppid() == parent; time.Sleep(time.Millisecond) {
		number, last := 0, 0
		text, err := os.ReadFile("last")
		if os.IsNotExist(err) {
			return
		}
		_, _ = fmt.Sscan(string(text), &last) // it may be empty: it is being written
		if _, err := fmt.Sscanf(p.Text, "Person%d", &number); err != nil {
			panic(err)
		}
		if number <= last {
			return
		}
	}
	os.Exit(0)
}

// record adds the number of a process to a file.
func record(pid int) {
	f, err := os.OpenFile("processes", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(f, pid)
	f.Close()
}

// answer finds names that begin with Person, the last one of each passage, and with Town.
func (p *askedPassage) answer(kind string) string {
	var items []string
	found := map[string][]string{}
	for word, typ := range map[string]string{"Person": "person", "Town": "location"} {
		places := regexp.MustCompile(word+"[0-9]+").FindAllStringIndex(p.Text, -1)
		if len(places) == 0 {
			continue
		}
		at := places[len(places)-1]
		name := p.Text[at[0]:at[1]]
		found[typ] = []string{name}
		start := utf8.RuneCountInString(p.Text[:at[0]])
		item := map[string]any{"type": typ, "text": name, "start": start, "end": start + len(name)}
		if kind == "mentions" {
			item = map[string]any{"type": typ, "text": name}
		}
		line, _ := json.Marshal(item)
		items = append(items, string(line))
	}
	if kind != "answers" {
		return fmt.Sprintf(`{"id":%q,%q:[%s]}`, p.ID, kind, strings.Join(items, ","))
	}
	for _, q := range p.Queries {
		var answer any = found
		if len(q.Types) == 1 {
			answer = append([]string{}, found[q.Types[0]]...)
		}
		text, _ := json.Marshal(answer)
		line, _ := json.Marshal(map[string]string{"text": string(text), "finish": "stop"})
		items = append(items, string(line))
	}
	return fmt.Sprintf(`{"id":%q,"answers":[%s]}`, p.ID, strings.Join(items[len(items)-len(p.Queries):], ","))
}
