package diag

// Way is what a proxy's configuration says about where a request goes.
type Way struct {
	// Reached says whether it goes to the backend that is checked; Undecided
	// also where the answer that came is not the one that the configuration gives.
	Reached Tri
	// Path is what the backend is asked for, decoded, "" where it is not known.
	Path string
	// Why says how that is known.
	Why string
	// TimedOut says that the proxy gave up waiting for its answer, where the
	// status that it gives does not tell.
	TimedOut bool
}

// Trace follows the request of an exchange through a configuration.
type Trace func(v *View, x *Exchange) Way

// Way is where the configuration sends a probe, the zero Way where none is at
// hand.
func (v *View) Way(id string) Way {
	x := v.Exchange(id)
	if !x.Answered() {
		return Way{}
	}
	for _, trace := range v.traces {
		if w := trace(v, x); w != (Way{}) {
			return w
		}
	}
	return Way{}
}
