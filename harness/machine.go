package harness

import (
	"nerbench/runners/open"
)

// OnMachine returns what a machine needs to open the model of a request for others: the
// name of the model, which may be that of a card in the request, and the settings that
// depend on the machine.
func (b *Bench) OnMachine(r Request) (open.Spec, error) {
	if _, err := b.takeCard(&r); err != nil {
		return open.Spec{}, err
	}
	if err := open.Check(r.Plan.Model); err != nil {
		return open.Spec{}, err
	}
	if err := open.CheckCommand(r.Plan.Model, r.Local.Command); err != nil {
		return open.Spec{}, err
	}
	return open.Spec{
		Name: r.Plan.Model, Servers: r.Servers, KeyFile: r.KeyFile, Timeout: r.Timeout, Connections: r.Connections,
		Pull: r.Pull, KeepAlive: r.KeepAlive, Local: r.Local, Getenv: b.Getenv,
		Retrying: func(text string) { b.notify(Event{Note: text, Frequent: true}) },
	}, nil
}
