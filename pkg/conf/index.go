package conf

import "slices"

// large is how many directives a block holds from which on they are looked up
// in an index: thousands of servers stand in one block, and each request asks
// it for what they inherit.
const large = 64

// index finds the directives of a block by name.
type index struct {
	size   int // of the block when it was made
	byName map[string][]int
}

// indexed is All, by index. It is made when it is first needed, and again
// where the block has grown meanwhile. Several goroutines may ask.
func (d *Directive) indexed(names []string) []*Directive {
	x := d.index.Load()
	if x == nil || x.size != len(d.Block) {
		x = &index{size: len(d.Block), byName: map[string][]int{}}
		for i, c := range d.Block {
			x.byName[c.Name] = append(x.byName[c.Name], i)
		}
		d.index.Store(x)
	}
	var at []int
	for i, name := range names {
		if !slices.Contains(names[:i], name) {
			at = append(at, x.byName[name]...)
		}
	}
	if len(names) > 1 {
		slices.Sort(at)
	}
	var found []*Directive
	for _, i := range at {
		found = append(found, d.Block[i])
	}
	return found
}
