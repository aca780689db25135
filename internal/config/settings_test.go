package config

import "testing"

// TestServerKeyFile: the key beside an address is not sent to another address.
func TestServerKeyFile(t *testing.T) {
	with, alone := &File{OpenAI: OpenAI{BaseURL: "http://a", KeyFile: "key"}}, &File{OpenAI: OpenAI{KeyFile: "key"}}
	for _, tc := range []struct {
		name   string
		file   *File
		given  bool // an address on the command line
		getenv map[string]string
		want   string
	}{
		{"no file", nil, false, nil, ""},
		{"the address beside it", with, false, nil, "key"},
		{"another address on the command line", with, true, nil, ""},
		{"another address in the environment", with, false, map[string]string{"OPENAI_BASE_URL": "http://b"}, ""},
		{"no address beside it", alone, true, nil, "key"},
		{"a key in the environment", with, false, map[string]string{"OPENAI_API_KEY": "invented"}, ""},
	} {
		getenv := func(name string) string { return tc.getenv[name] }
		if got := tc.file.ServerKeyFile(getenv, tc.given); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
