package exec

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"nerbench/ner"
)

// programArgument makes the test binary a program that is asked: the next argument is its
// behaviour, a key of [behaviours].
const programArgument = "be-a-program"

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == programArgument {
		p := &program{in: bufio.NewScanner(os.Stdin), args: os.Args[3:]}
		p.in.Buffer(nil, 1<<24)
		behaviours[os.Args[2]](p)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// as is the command of a program with a behaviour.
func as(behaviour string, args ...string) []string {
	if behaviours[behaviour] == nil {
		panic("no behaviour " + behaviour)
	}
	return append([]string{os.Args[0], programArgument, behaviour}, args...)
}

// program is the other side of the protocol.
type program struct {
	in   *bufio.Scanner
	args []string
}

// asked is a passage as the program reads it.
type asked struct {
	ID      string   `json:"id"`
	More    int      `json:"more"`
	Dataset string   `json:"dataset"`
	Text    string   `json:"text"`
	Types   []string `json:"types"`
	Queries []struct {
		Types       []string      `json:"types"`
		Prompt      string        `json:"prompt"`
		Messages    []ner.Message `json:"messages"`
		Stop        []string      `json:"stop"`
		MaxTokens   int           `json:"max_tokens"`
		Temperature float64       `json:"temperature"`
	} `json:"queries"`
}

func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

func (p *program) hello(answers string, batch int) {
	say(`{"nerbench_exec":1,"name":"test","version":"1","digest":"d","answers":%q,"batch":%d}`, answers, batch)
}

// next reads a passage; it returns nil at the end.
func (p *program) next() *asked {
	if !p.in.Scan() {
		return nil
	}
	var a asked
	if err := json.Unmarshal(p.in.Bytes(), &a); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(9)
	}
	return &a
}

// answer answers with a span of the first type over the whole text.
func (a *asked) answer() string {
	n := len([]rune(a.Text))
	if n == 0 {
		return fmt.Sprintf(`{"id":%q,"spans":[]}`, a.ID)
	}
	return fmt.Sprintf(`{"id":%q,"spans":[{"start":0,"end":%d,"type":%q}]}`, a.ID, n, a.Types[0])
}

// behaviours are those of the programs that are asked.
var behaviours = map[string]func(*program){
	"spans": func(p *program) {
		p.hello(Spans, 1)
		for a := p.next(); a != nil; a = p.next() {
			say("%s", a.answer())
		}
	},
	"batches": func(p *program) { // read as a whole, answered from the last to the first
		p.hello(Spans, 8)
		for a := p.next(); a != nil; a = p.next() {
			batch := []*asked{a}
			for range a.More {
				batch = append(batch, p.next())
			}
			for i := len(batch) - 1; i >= 0; i-- {
				say("%s", batch[i].answer())
			}
		}
	},
	"one each": func(p *program) {
		p.hello(Spans, 1)
		if a := p.next(); a != nil {
			say("%s", a.answer())
		}
	},
	"counting": func(p *program) { // ends with an error if its first batch is not full, or any is too large
		p.hello(Spans, 8)
		for first, a := true, p.next(); a != nil; first, a = false, p.next() {
			batch := []*asked{a}
			for range a.More {
				batch = append(batch, p.next())
			}
			if len(batch) > 8 || first && len(batch) < 8 {
				os.Exit(1)
			}
			for _, a := range batch {
				say("%s", a.answer())
			}
		}
	},
	"shows": func(p *program) { // the line as it was read
		p.hello(p.args[0], 1)
		for a := p.next(); a != nil; a = p.next() {
			line, _ := json.Marshal(p.in.Text())
			if p.args[0] == Answers {
				say(`{"id":%q,"answers":[{"text":%s}]}`, a.ID, line)
			} else {
				say(`{"id":%q,"error":%s}`, a.ID, line)
			}
		}
	},
	"no digest": func(p *program) {
		say(`{"nerbench_exec":1,"name":"test","version":"1","answers":"spans"}`)
		for p.next() != nil {
		}
	},
	"mentions": func(p *program) {
		p.hello(Mentions, 4)
		for a := p.next(); a != nil; a = p.next() {
			mentions := []string{}
			for _, word := range strings.Fields(a.Text)[:min(1, len(strings.Fields(a.Text)))] {
				quoted, _ := json.Marshal(word)
				mentions = append(mentions, fmt.Sprintf(`{"text":%s,"type":%q}`, quoted, a.Types[0]))
			}
			say(`{"id":%q,"mentions":[%s]}`, a.ID, strings.Join(mentions, ","))
		}
	},
	"answers": func(p *program) {
		p.hello(Answers, 3)
		for a := p.next(); a != nil; a = p.next() {
			var answers []string
			for _, q := range a.Queries {
				quoted, _ := json.Marshal("re: " + q.Prompt)
				answers = append(answers, fmt.Sprintf(`{"text":%s,"finish":"stop"}`, quoted))
			}
			say(`{"id":%q,"answers":[%s]}`, a.ID, strings.Join(answers, ","))
		}
	},
	// These behave well, but for passages with a certain text.
	"crash": func(p *program) {
		p.spansBut("bad", func(*asked) {
			fmt.Fprintln(os.Stderr, "Traceback (most recent call last):\n  File \"x.py\", line 7, in <module>\n    go()\nValueError: too bad")
			os.Exit(3)
		})
	},
	"hang": func(p *program) {
		p.spansBut("bad", func(*asked) { fmt.Fprintln(os.Stderr, "thinking"); time.Sleep(time.Hour) })
	},
	"silent": func(p *program) { // no answer for this passage
		p.spansBut("bad", func(*asked) { fmt.Fprintln(os.Stderr, "thinking about the others") })
	},
	"closes": func(p *program) { p.spansBut("bad", func(*asked) { os.Stdout.Close(); time.Sleep(time.Hour) }) },
	"half":   func(p *program) { p.spansBut("bad", func(*asked) { fmt.Print(`{"id":"1","sp`); os.Exit(0) }) },
	"segfault": func(p *program) {
		p.spansBut("bad", func(*asked) {
			fmt.Print(`{"id":"1","sp`)
			fmt.Fprintln(os.Stderr, "segmentation fault")
			os.Exit(139)
		})
	},
	"killed": func(p *program) {
		p.spansBut("bad", func(*asked) {
			self, _ := os.FindProcess(os.Getpid())
			_ = self.Kill()
			time.Sleep(time.Hour)
		})
	},
	"log": func(p *program) { p.spansBut("bad", func(*asked) { say("INFO loading \x1b[31mthe model") }) },
	"foreign": func(p *program) {
		p.spansBut("bad", func(a *asked) { say(`{"id":"conllpp/17","spans":[]}`) })
	},
	"ahead": func(p *program) { p.spansBut("bad", func(a *asked) { say(`{"id":"%d","spans":[]}`, 999) }) },
	"twice": func(p *program) { p.spansBut("good", func(a *asked) { say("%s\n%s", a.answer(), a.answer()) }) },
	"raw": func(p *program) {
		p.spansBut("bad", func(a *asked) { say("%s", strings.ReplaceAll(p.args[0], "ID", a.ID)) })
	},
	"endless": func(p *program) {
		p.spansBut("bad", func(a *asked) {
			part := strings.Repeat("x", 1<<20)
			fmt.Print(`{"id":"` + a.ID + `","spans":[`)
			for range 1 << 10 {
				if _, err := fmt.Print(part); err != nil {
					os.Exit(0)
				}
			}
		})
	},
	"loud": func(p *program) {
		p.spansBut("bad", func(a *asked) {
			for i := range 20_000 {
				fmt.Fprintf(os.Stderr, "line %d with %s %s\r", i, os.Getenv("TEST_API_KEY"), p.args[1])
			}
			fmt.Fprintln(os.Stderr, strings.Repeat("long ", 100_000))
			say("%s", a.answer())
		})
	},
	"once": func(p *program) { // each passage fails once, in the way that its text names
		p.hello(Spans, p.number(1))
		for a := p.next(); a != nil; a = p.next() {
			_, err := os.OpenFile(filepath.Join(p.args[0], url.PathEscape(a.Text)), os.O_CREATE|os.O_EXCL, 0o600)
			if err == nil {
				fault, _, _ := strings.Cut(a.Text, " ")
				faults[fault](a)
			}
			say("%s", a.answer())
		}
	},
	"again": func(p *program) { // an answer again when the next passage is there, whose own first answer is wrong
		p.hello(Spans, 1)
		before := ""
		for a := p.next(); a != nil; a = p.next() {
			if before != "" {
				say("%s", before)
				p.next()
			}
			if _, err := os.OpenFile(p.args[0], os.O_CREATE|os.O_EXCL, 0o600); err == nil {
				before = a.answer()
			} else if _, err := os.OpenFile(p.args[0]+" wrong", os.O_CREATE|os.O_EXCL, 0o600); err == nil {
				faults["type"](a)
			}
			say("%s", a.answer())
		}
	},
	"leftover": func(p *program) { // fails at its second passage, and so does one that is its first
		p.hello(Spans, 1)
		for asked, a := 0, p.next(); a != nil; asked, a = asked+1, p.next() {
			if asked > 0 {
				faults[p.args[1]](a)
				p.next() // until it is killed
				return
			}
			for i, own := range p.args[2:] {
				if a.Text != "second" {
					break
				}
				if _, err := os.OpenFile(filepath.Join(p.args[0], strconv.Itoa(i)), os.O_CREATE|os.O_EXCL, 0o600); err == nil {
					faults[own](a)
					break
				}
			}
			say("%s", a.answer())
		}
	},
	"decode": func(p *program) {
		p.hello(Answers, 1)
		for a := p.next(); a != nil; a = p.next() {
			say(`{"id":%q,"answers":[{"text":"x"}]}`, a.ID)
		}
	},
	"unstoppable": func(p *program) {
		p.hello(Spans, 1)
		for a := p.next(); a != nil; a = p.next() {
			say("%s", a.answer())
		}
		time.Sleep(time.Hour)
	},
	"fails at its end": func(p *program) {
		p.hello(Spans, 1)
		say("%s", p.next().answer())
		p.next()
		fmt.Fprintln(os.Stderr, "cannot save")
		os.Exit(4)
	},
	"parent": func(p *program) {
		child := exec.Command(os.Args[0], programArgument, "sleep")
		if err := child.Start(); err != nil {
			panic(err)
		}
		fmt.Fprintf(os.Stderr, "child %d\n", child.Process.Pid)
		p.hello(Spans, 1)
		time.Sleep(time.Hour)
	},
	"loads": func(p *program) {
		p.hello(Spans, 1)
		time.Sleep(time.Hour)
	},
	// These never say hello.
	"sleep":       func(*program) { time.Sleep(time.Hour) },
	"nothing":     func(*program) {},
	"first a log": func(*program) { say("Loading the model …"); time.Sleep(time.Hour) },
	"raw hello":   func(p *program) { say("%s", p.args[0]); time.Sleep(time.Hour) },
	"no package": func(*program) {
		fmt.Fprintln(os.Stderr, "Traceback (most recent call last):\n  File \"/home/mira/x.py\", line 1, in <module>\n    import gliner\nModuleNotFoundError: No module named 'gliner'")
		os.Exit(1)
	},
	"no package, with advice": func(*program) {
		fmt.Fprintln(os.Stderr, "No module named 'gliner'\ninstall: pip install gliner==0.2")
		os.Exit(1)
	},
	"endless hello": func(*program) {
		for {
			if _, err := fmt.Print(strings.Repeat("x", 1<<20)); err != nil {
				return
			}
		}
	},
	"another hello": func(p *program) { // each process says that it has another version
		say(`{"nerbench_exec":1,"name":"test","version":"%d","answers":"spans"}`, time.Now().UnixNano())
		for a := p.next(); a != nil; a = p.next() {
			os.Exit(0)
		}
	},
	"starts once": func(p *program) {
		if _, err := os.OpenFile(p.args[0], os.O_CREATE|os.O_EXCL, 0o600); err != nil {
			fmt.Fprintln(os.Stderr, "out of memory")
			os.Exit(1)
		}
		p.hello(Spans, 1)
		p.next()
		os.Exit(0)
	},
	"slow": func(p *program) {
		p.hello(Spans, 2)
		for p.next() != nil { // no answer
		}
	},
}

// faults are what a passage can cause once.
var faults = map[string]func(*asked){
	"crash":   func(*asked) { os.Exit(1) },
	"hang":    func(*asked) { fmt.Fprintln(os.Stderr, "thinking"); time.Sleep(time.Hour) },
	"broken":  func(a *asked) { say(`{"id":%q,"spans":[{"start":`, a.ID) },
	"log":     func(*asked) { say("WARNING") },
	"id":      func(a *asked) { say(`{"id":"x%s","spans":[]}`, a.ID) },
	"number":  func(a *asked) { say(`{"id":%s,"spans":[]}`, a.ID) },
	"outside": func(a *asked) { say(`{"id":%q,"spans":[{"start":0,"end":9999,"type":%q}]}`, a.ID, a.Types[0]) },
	"type":    func(a *asked) { say(`{"id":%q,"spans":[{"start":0,"end":1,"type":"DATE"}]}`, a.ID) },
	"members": func(a *asked) { say(`{"id":%q}`, a.ID) },
	"twice":   func(a *asked) { say("%s", a.answer()) },
	"good":    func(*asked) {},
}

// spansBut answers with spans, but passages with a text by other means.
func (p *program) spansBut(text string, other func(*asked)) {
	p.hello(Spans, 4)
	for a := p.next(); a != nil; a = p.next() {
		if strings.Contains(a.Text, text) {
			other(a)
		} else {
			say("%s", a.answer())
		}
	}
}

// number is an argument of a behaviour.
func (p *program) number(i int) int {
	n, err := strconv.Atoi(p.args[i])
	if err != nil {
		panic(err)
	}
	return n
}
