package results

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"nerbench/ner"
)

// renameKey renames the key "row" of all runs to "dataset". The id of a run is a
// hash of its keys, so it changes, and the former id is kept. Other tables refer to
// runs by their numbers, which do not change.
func renameKey(ctx context.Context, tx *sql.Tx) error {
	runs, err := runsWithRow(ctx, tx)
	if err != nil {
		return err
	}
	for number, keys := range runs {
		keys["dataset"] = keys["row"]
		delete(keys, "row")
		text, err := json.Marshal(keys)
		if err != nil {
			return err
		}
		const update = "UPDATE runs SET former_id = id, id = ?, keys = ? WHERE number = ?"
		if _, err := tx.ExecContext(ctx, update, ner.Run{Keys: keys}.ID(), string(text), number); err != nil {
			return err
		}
	}
	return nil
}

// runsWithRow reads the keys of the runs with the key "row", by the numbers of the
// runs.
func runsWithRow(ctx context.Context, tx *sql.Tx) (runs map[int64]map[string]string, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT number, id, keys FROM runs")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	runs = make(map[int64]map[string]string)
	for rows.Next() {
		var number int64
		var id string
		var text []byte
		if err := rows.Scan(&number, &id, &text); err != nil {
			return nil, err
		}
		var keys map[string]string
		if err := json.Unmarshal(text, &keys); err != nil {
			return nil, fmt.Errorf("%w: run %s: %w", ErrDamaged, id, err)
		}
		if _, ok := keys["row"]; ok {
			runs[number] = keys
		}
	}
	return runs, rows.Err()
}
