package exec

import (
	"strings"
	"testing"

	"nerbench/internal/filetest"
)

// TestIdentity: what changes the identity of a program, and what does not.
func TestIdentity(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	filetest.Write(t, dir, map[string]string{
		"x.py": "1", "edited.py": "2", "sub/x.py": "1", "bin/tool": "a", "other/tool": "b", ".venv/bin/python3.12": "an interpreter",
	})
	hello := Hello{Name: "n", Release: "1"}
	of := func(command string, h Hello) (string, string) {
		t.Helper()
		words, err := Split(command)
		if err != nil {
			t.Fatal(err)
		}
		digest, shown, err := identify(t.Context(), words, h)
		if err != nil || len(digest) != 64 || strings.Contains(shown, dir) {
			t.Fatalf("%s: %s, %s, %v", command, digest, shown, err)
		}
		return digest, shown
	}
	base, shown := of("python3 x.py --top 3", hello)
	if shown != "python3 x.py --top 3" {
		t.Errorf("shown %s", shown)
	}
	digested := hello
	digested.Digest = "sha256:1"
	later := hello
	later.Release = "2"
	for _, tc := range []struct {
		command string
		hello   Hello
		same    bool
		shown   string
	}{
		{"python3 ./x.py --top 3", hello, true, "python3 x.py --top 3"},
		{"python3 " + dir + "/sub/x.py --top 3", hello, true, "python3 x.py --top 3"},
		{"python x.py --top 3", hello, true, "python x.py --top 3"},
		{dir + "/.venv/bin/python3.12 x.py --top 3", hello, true, "python3.12 x.py --top 3"},
		{"python3 x.py --top 4", hello, false, "python3 x.py --top 4"},
		{"python3 edited.py --top 3", hello, false, "python3 edited.py --top 3"},
		{"python3 gone.py --top 3", hello, false, "python3 gone.py --top 3"},
		{"python3 x.py --top 3", later, false, "python3 x.py --top 3"},
		{"python3 x.py --top 3", digested, false, "python3 x.py --top 3"},
	} {
		digest, shown := of(tc.command, tc.hello)
		if (digest == base) != tc.same || shown != tc.shown {
			t.Errorf("%s: the same: %t, shown %s", tc.command, digest == base, shown)
		}
	}
	one, _ := of("python3 x.py --device cpu", digested)
	other, shown := of("ruby /srv/y.rb --device='a gpu' --out=/srv/data/z --api-key k3y --token=t0k", digested)
	if one != other || shown != "ruby y.rb '--device=a gpu' --out=z --api-key *** --token=***" {
		t.Errorf("a digest of the program: %s, %s; shown %s", one, other, shown)
	}
	first, _ := of("bin/tool", hello)
	if second, _ := of("other/tool", hello); second == first {
		t.Error("two programs of one name are the same")
	}
	secret, _ := of("python3 x.py --token a", hello)
	if changed, _ := of("python3 x.py --token b", hello); changed != secret {
		t.Error("a secret is part of the identity")
	}
	for command, want := range map[string]string{
		"env OPENAI_API_KEY='k3 y' SEED=1 python3 x.py":                                           "env OPENAI_API_KEY=*** SEED=1 python3 x.py",
		`sh -c 'cd /srv/work; HF_TOKEN="k3 y" python3 x.py --password k3y --api.key=k3y --top 3'`: "sh -c 'cd work; HF_TOKEN=*** python3 x.py --password *** --api.key=*** --top 3'",
		"sh -c 'API_KEY=k3y; echo $API_KEY'":                                                      "sh -c 'API_KEY=***; echo $API_KEY'",
		"python3 x.py --keys=a sort_key=b":                                                        "python3 x.py --keys=a sort_key=b",
	} {
		if _, shown := of(command, hello); shown != want {
			t.Errorf("%s: shown %s, want %s", command, shown, want)
		}
	}
	if _, shown := of("sh -c 'cd /srv/work && exec ~/bin/run --x=/a/b'", hello); shown != "sh -c 'cd work && exec run --x=b'" {
		t.Errorf("shown %s", shown)
	}
}
