package main

import (
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"

	"nerbench/harness/doctor"
	"nerbench/harness/texts"
	"nerbench/internal/fault"
	"nerbench/internal/terminal"
	"nerbench/ner"
	"nerbench/reports"
)

// colorModes are the values of --color.
var colorModes = []string{"auto", "always", "never"}

// readColor checks a value of --color.
func readColor(mode string) (string, error) {
	if mode == "" { // a variable that is empty sets nothing
		return colorModes[0], nil
	}
	if !slices.Contains(colorModes, mode) {
		return "", fault.Usagef("--color %s: unknown%s", mode, ner.Choices(mode, colorModes))
	}
	return mode, nil
}

// style is the number of an ANSI sequence.
type style = texts.Colour

// The styles, as in texts.
const (
	usual, red, green, yellow, cyan = texts.Usual, texts.Red, texts.Green, texts.Yellow, texts.Cyan
)

// colors is the one place that decides whether a stream gets colours.
func (env *environment) colors(w io.Writer) bool {
	switch {
	case env.json:
		return false
	case env.color == "always":
		return true
	case env.color == "never":
		return false
	}
	return env.terminal != nil && env.terminal(rawStream(w)) && env.getenv("NO_COLOR") == "" && env.getenv("TERM") != "dumb"
}

// styles are the sequences that the program writes to a stream itself. Those of colours
// have marks with a random number, so that no text from outside gets a colour. Tables
// escape such text themselves.
func (env *environment) styles(w io.Writer) []terminal.Style {
	if !env.colors(w) {
		return nil
	}
	var all []terminal.Style
	for _, s := range reports.TerminalStyles {
		all = append(all, terminal.Style{Mark: s, Sequence: s})
	}
	for _, s := range []style{usual, red, green, yellow, cyan} {
		all = append(all, terminal.Style{Mark: sequence(s, env.mark), Sequence: sequence(s, "")})
	}
	return all
}

// sequence is the sequence of a style, with a mark as a further number.
func sequence(s style, mark string) string {
	if mark != "" {
		mark = ";" + mark
	}
	return "\x1b[" + string(s) + mark + "m"
}

// protect puts a writer before both streams that escapes what could disturb a terminal,
// in whatever a command prints. The returned function ends it.
func (env *environment) protect() func() error {
	env.mark = strconv.FormatUint(1<<63|rand.Uint64(), 10) // always 19 or 20 digits
	env.out = &output{w: env.stdout}
	stdout, stderr := env.out.w, env.stderr
	out := terminal.NewWriter(env.out, func() []terminal.Style { return env.styles(stdout) })
	err := terminal.NewWriter(stderr, func() []terminal.Style { return env.styles(stderr) })
	env.stdout, env.stderr = out, err
	return func() error { return errors.Join(out.Flush(), err.Flush()) }
}

// behind is what the writer of protect writes to.
func behind(w io.Writer) io.Writer {
	if safe, ok := w.(*terminal.Writer); ok {
		return safe.Unwrap()
	}
	return w
}

// rawStream is the stream behind all writers of the program.
func rawStream(w io.Writer) io.Writer {
	w = behind(w)
	if o, ok := w.(*output); ok {
		return o.w
	}
	return w
}

// output is where a command writes a format. Formats for other programs keep their text
// exactly, unless standard output is a terminal.
func (env *environment) output(format string) io.Writer {
	if format == "text" || env.terminal != nil && env.terminal(rawStream(env.stdout)) {
		return env.stdout
	}
	return behind(env.stdout)
}

// paint gives a text a colour, if the stream it goes to gets colours.
func (env *environment) paint(w io.Writer, s style, text string) string {
	if !env.colors(w) {
		return text
	}
	mark := ""
	if _, marked := w.(*terminal.Writer); marked {
		mark = env.mark
	}
	return sequence(s, mark) + text + "\x1b[0m"
}

// painter is [environment.paint] for a stream.
func (env *environment) painter(w io.Writer) texts.Paint {
	return func(c texts.Colour, text string) string { return env.paint(w, c, text) }
}

// printed is the form in which a report goes to standard output: a text may be one
// for a terminal. Files never are.
func (env *environment) printed(format string) string {
	if format == "text" && env.colors(env.stdout) {
		return reports.Terminal
	}
	return format
}

// findingStyle is the colour of a state that doctor prints.
func findingStyle(state doctor.State) style {
	return map[doctor.State]style{doctor.OK: green, doctor.Absent: yellow, doctor.Broken: red}[state]
}
