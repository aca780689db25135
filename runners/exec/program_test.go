package exec

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
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
	"slow": func(p *program) {
		p.hello(Spans, 2)
		time.Sleep(time.Minute)
	},
}

// number is an argument of a behaviour.
func (p *program) number(i int) int {
	n, err := strconv.Atoi(p.args[i])
	if err != nil {
		panic(err)
	}
	return n
}
