package lighttpd

// listed is a backend with the setting and the block that it stands in.
type listed struct {
	host    *Host
	setting *Setting
	block   *Block
}

// allHosts are the backends of every block whose module is loaded.
func (r *Router) allHosts() []listed {
	var list []listed
	for _, e := range r.entrances() {
		for _, h := range e.hosts {
			list = append(list, listed{h, e.setting, e.block})
		}
	}
	return list
}
