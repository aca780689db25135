package distill

// usualRate is the number of tokens a byte before the first count.
const usualRate = 0.25

// guesses is the number of counts after which the rest is halved, whatever the rate says.
const guesses = 6

// search finds the largest n up to limit whose text is at most most tokens, which holds for
// all smaller ones. Each count may be a request to a server: the next n is guessed by the
// tokens a byte so far, and most searches need two counts.
type search struct {
	most, limit int
	size        func(n int) int // in bytes, from 1
	count       func(n int) (int, error)
	// prefer chooses an n between low, which fits, and high, which does not.
	prefer func(low, guess, high int) int
	// enough reports whether low will do, although n may be up to high-1.
	enough func(low, high int) bool
}

func (s search) run(rate *float64) (int, error) {
	low, high := 0, s.limit+1
	for low < s.limit && s.size(low+1) < s.most { // see [Counter]
		low++
	}
	tokens := 0.0 // of low
	if low > 0 {
		tokens = *rate * float64(s.size(low))
	}
	for asked := 0; high-low > 1 && !s.enough(low, high); asked++ {
		next := (low + high) / 2
		if asked < guesses {
			next = s.prefer(low, s.guess(low, high, tokens, *rate), high)
		}
		got, err := s.count(next)
		if err != nil {
			return 0, err
		}
		*rate = min(1, float64(max(got, 1))/float64(s.size(next)))
		if got <= s.most {
			low, tokens = next, float64(got)
		} else {
			high = next
		}
	}
	return low, nil
}

// guess is the largest n between low and high that fits, if the text behind low has as many
// tokens a byte as the text before.
func (s search) guess(low, high int, tokens, rate float64) int {
	bytes := (float64(s.most) - tokens) / rate
	if low > 0 {
		bytes += float64(s.size(low))
	}
	first, last := low+1, high-1
	for first < last {
		if mid := (first + last + 1) / 2; float64(s.size(mid)) <= bytes {
			first = mid
		} else {
			last = mid - 1
		}
	}
	return first
}
