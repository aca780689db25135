package results

import "context"

// HasSite reports whether a site with this hash was written from the store.
func (s *Store) HasSite(ctx context.Context, key StatisticKey) (bool, error) {
	var has bool
	err := s.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM sites WHERE key = ?)", key[:]).Scan(&has)
	return has, s.fault(err)
}

// SaveSite records that a site with this hash was written.
func (s *Store) SaveSite(ctx context.Context, key StatisticKey) error {
	return s.saveStatistics(ctx, "INSERT OR IGNORE INTO sites (key) VALUES (?)", func(insert func(...any) error) error { return insert(key[:]) })
}
