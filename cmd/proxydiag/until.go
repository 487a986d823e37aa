package main

import "context"

// until reads or judges something and gives up where the context ends: a
// configuration may take long, and nothing waits for what is left then.
func until[T any](ctx context.Context, std streams, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := f()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, stopped(std)
	}
}
