package runners

import "testing"

func TestContextFor(t *testing.T) {
	for _, tc := range []struct{ model, prompt, answer, want int }{
		{2048, 600, 256, 1024}, {2048, 1600, 256, 2048}, {2048, 9000, 256, 2048}, {131072, 9000, 256, 5120}, {0, 100, 16, 1024},
	} {
		if got := ContextFor(tc.model, tc.prompt, tc.answer); got != tc.want {
			t.Errorf("ContextFor(%d, %d, %d) is %d, want %d", tc.model, tc.prompt, tc.answer, got, tc.want)
		}
	}
}
