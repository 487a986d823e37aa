package lighttpd

import "slices"

// listed is a backend with the setting and the block that it stands in.
type listed struct {
	host    *Host
	setting *Setting
	block   *Block
	module  string
}

// allHosts are the backends of every block whose module is loaded.
func (r *Router) allHosts() []listed {
	var list []listed
	for _, b := range r.conf.Blocks {
		for _, name := range b.Names() {
			module := moduleOf(name)
			g := gateways[module]
			if g == nil || g.setting != name || !slices.Contains(r.modules, module) {
				continue
			}
			set := b.Get(name)
			for i := range set.Value.Items {
				for _, h := range r.hosts(set, &set.Value.Items[i]) {
					list = append(list, listed{h, set, b, module})
				}
			}
		}
	}
	return list
}
