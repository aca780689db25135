package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// List asks the coordinator of a fleet for its workers.
func List(ctx context.Context, join string) (list Workers, err error) {
	f, err := readJoin(join)
	if err != nil {
		return list, fmt.Errorf("fleet: %w", err)
	}
	conn, err := f.connect(ctx, "nerbench workers", nats.NoReconnect())
	if err != nil {
		return list, fmt.Errorf("fleet: %s: %w", f.place(), err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	m, err := conn.RequestWithContext(ctx, f.subjects().workers(), []byte("{}"))
	if errors.Is(err, nats.ErrNoResponders) {
		return list, fmt.Errorf("fleet: %s: no coordinator", f.place())
	}
	if err != nil {
		return list, fmt.Errorf("fleet: %s: %w", f.place(), err)
	}
	return list, decode(m.Data, &list)
}
