package commandline_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"nerbench/internal/commandline"
)

// kitchen is a program that cooks.
func kitchen() *cli.App {
	return &cli.App{
		Name:  "kitchen",
		Flags: []cli.Flag{&cli.StringFlag{Name: "stove"}, &cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}}},
		Commands: []*cli.Command{
			{
				Name: "cook", Usage: "cook a meal", ArgsUsage: "MEAL...",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "heat", Usage: "`HEAT` of the stove: low, high (default: low)"},
					&cli.StringSliceFlag{Name: "with", Usage: "`HERBS` to add"},
				},
			},
			{Name: "cupboard", Usage: "list what is there", Subcommands: []*cli.Command{{Name: "show", Usage: "show a shelf", ArgsUsage: "top|bottom"}}},
		},
	}
}

func TestArrange(t *testing.T) {
	for _, tc := range []struct{ name, line, want string }{
		{"sorted", "--stove gas cook --heat low soup", "--stove gas cook --heat low soup"},
		{"flags last", "cook soup --heat low --stove gas", "--stove gas cook --heat low soup"},
		{"values behind =", "cook soup --heat=low -q", "-q cook --heat=low soup"},
		{"command of a group", "cupboard show top -q", "-q cupboard show top"},
		{"argument like a command", "cook cupboard", "cook cupboard"},
		{"only arguments", "cook -- --heat", "cook -- --heat"},
		{"unknown flag", "cook --salt soup", "cook --salt soup"},
		{"no value", "cook soup --heat", "cook --heat"},
		{"no value of a global flag", "cook soup --heat low --stove", "cook --stove"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := commandline.Arrange(kitchen(), strings.Fields("kitchen "+tc.line))
			if want := "kitchen " + tc.want; strings.Join(got, " ") != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

func TestGivenFlags(t *testing.T) {
	given := commandline.GivenFlags(kitchen().Flags, strings.Fields("kitchen --stove gas -q cook --heat low"))
	if got := slices.Sorted(maps.Keys(given)); !slices.Equal(got, []string{"quiet", "stove"}) {
		t.Errorf("flags before the command: %q", got)
	}
}

func TestRepeatedFlag(t *testing.T) {
	for _, tc := range []struct{ name, line, want string }{
		{"once", "cook --heat low soup", ""},
		{"twice", "cook --heat low --heat=high soup", "heat"},
		{"a list", "cook --with salt --with dill soup", ""},
		{"no value", "-q -q cook soup", ""},
		{"behind --", "cook --heat low -- --heat", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := commandline.RepeatedFlag(kitchen(), strings.Fields("kitchen "+tc.line)); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

func TestHelpFor(t *testing.T) {
	for _, tc := range []struct {
		name, line, want string
		asked            bool
	}{
		{"no help", "cook soup", "cook", false},
		{"of the program", "--help", "", true},
		{"short", "cook -h", "cook", true},
		{"of a group", "cupboard --help", "cupboard", true},
		{"of a command of a group", "-q cupboard show --help top", "cupboard show", true},
		{"with an argument", "cook --heat low --help soup", "cook", true},
		{"unknown command", "--help sing", "sing", true},
		{"unknown command of a group", "cupboard --help sing", "cupboard sing", true},
		{"a value", "cook --heat --help", "cook", false},
		{"an argument", "cook -- --help", "cook", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			names, asked := commandline.HelpFor(kitchen(), strings.Fields("kitchen "+tc.line))
			if got := strings.Join(names, " "); got != tc.want || asked != tc.asked {
				t.Errorf("%q, %v, want %q, %v", got, asked, tc.want, tc.asked)
			}
		})
	}
}

func TestEmptyFlag(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{"no flag", []string{"cook", "soup"}, ""},
		{"a value", []string{"cook", "--heat", "low"}, ""},
		{"an argument", []string{"cook", ""}, ""},
		{"empty", []string{"cook", "--heat", ""}, "heat"},
		{"empty behind =", []string{"cook", "--heat="}, "heat"},
		{"a global flag", []string{"--stove", "", "cook"}, "stove"},
		{"one of several values", []string{"cook", "--with", "dill", "--with", ""}, "with"},
		{"behind --", []string{"cook", "--", "--heat", ""}, ""},
		{"no value", []string{"cook", "--heat"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := commandline.EmptyFlag(kitchen(), append([]string{"kitchen"}, tc.args...)); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	const want = `kitchen cook: cook a meal

usage: kitchen cook MEAL... [flags]

flags:
  --heat HEAT   HEAT of the stove: low, high (default: low)
  --with HERBS  HERBS to add
`
	if got := commandline.Help(kitchen().Commands[0], "kitchen cook"); got != want {
		t.Errorf("help:\n%s\nwant:\n%s", got, want)
	}
}

func TestComplete(t *testing.T) {
	herbs := commandline.Named([]string{"dill", "mint"})
	values := commandline.Values{
		Flag: func(c *commandline.Call, _ cli.DocGenerationFlag, name, _ string) []commandline.Candidate {
			if name == "stove" && c.Set["quiet"] == "" {
				return commandline.Named([]string{"gas", "wood"})
			}
			return nil
		},
		Placeholder: func(_ *commandline.Call, placeholder string) []commandline.Candidate {
			return map[string][]commandline.Candidate{"HERBS": herbs, "MEAL": {{Word: commandline.FileNames}}}[placeholder]
		},
		Key: func(string) []commandline.Candidate { return nil },
	}
	for _, tc := range []struct{ name, line, want string }{
		{"commands", "c", "cook cupboard"},
		{"command of a group", "cupboard ", "show"},
		{"flags", "cook --h", "--heat --help"},
		{"value of a global flag", "--stove ", "gas wood"},
		{"listed in the usage line", "cook --heat ", "low high"},
		{"behind =", "cook --heat=h", "--heat=high"},
		{"placeholder", "cook --with m", "mint"},
		{"in a list", "cook --with mint,", "mint,dill"},
		{"argument", "cook ", ":file"},
		{"further argument", "cook soup ", ":file"},
		{"words of the usage line", "cupboard show b", "bottom"},
		{"no further argument", "cupboard show top ", ""},
		{"behind --", "cook -- -", ":file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, c := range commandline.Complete(kitchen(), strings.Split(tc.line, " "), values) {
				got = append(got, c.Word)
			}
			if strings.Join(got, " ") != tc.want {
				t.Errorf("%q becomes %q, want %q", tc.line, got, tc.want)
			}
		})
	}
}

func TestDefaultOfADuration(t *testing.T) {
	for value, want := range map[time.Duration]string{2 * time.Minute: "2m", 90 * time.Second: "1m30s", 10 * time.Second: "10s", time.Hour: "1h0m"} {
		if _, meaning := commandline.FlagHelp(&cli.DurationFlag{Name: "time", Value: value, Usage: "longest `TIME`"}, false); meaning != "longest TIME (default: "+want+")" {
			t.Errorf("%v: %s", value, meaning)
		}
	}
}
