package ollama

import (
	"context"
	"fmt"

	"nerbench/ner"
	"nerbench/runners"
)

// ObeysSchema asks the model whether the server constrains its answers. Versions before
// 0.5 ignore schemas without an error, and so do some models. example is one of the
// prompts that will be sent. known is false if the model only thought.
func (r *Runner) ObeysSchema(ctx context.Context, example *ner.Prompt) (obeys, known bool, err error) {
	p := runners.SchemaProbe(example, string(example.Schema) == runners.AnyJSON, r.config.Decoding.Think)
	p.MaxTokens = min(p.MaxTokens, r.config.Decoding.Context/2)
	asking := r.asking(ctx)
	defer asking.end()
	c, err := asking.ask(ctx, &p)
	if err != nil {
		return false, false, fmt.Errorf("ollama: model %s: probe of the schema: %w", r.config.Model, err)
	}
	obeys, known = runners.ObeysSchema(&p, &c)
	return obeys, known, nil
}
