package project

import "go.yaml.in/yaml/v4"

// merger puts what merge keys bring, <<: *name, into the mappings that they
// stand in. What a mapping says itself wins, then what is merged first
// (https://yaml.org/type/merge.html).
type merger struct {
	*reader
	begun, done map[*yaml.Node]bool
}

func (r *reader) merge(root *yaml.Node) {
	m := merger{r, map[*yaml.Node]bool{}, map[*yaml.Node]bool{}}
	m.node(root)
}

func (m merger) node(node *yaml.Node) {
	if m.begun[node] {
		return
	}
	m.begun[node] = true
	for _, c := range node.Content {
		m.node(c)
	}
	if node.Kind == yaml.MappingNode {
		m.mapping(node)
	}
	m.done[node] = true
}

func (m merger) mapping(node *yaml.Node) {
	var own, merged []*yaml.Node
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.Value != "<<" || key.Style != 0 {
			own = append(own, key, value)
			continue
		}
		from := []*yaml.Node{value}
		if value.Kind == yaml.SequenceNode {
			from = value.Content
		}
		for _, f := range from {
			f = resolve(f)
			m.node(f)
			switch {
			case f.Kind != yaml.MappingNode:
				m.problem(key, "<< merges names and values, as <<: *name does where they are marked with &name")
			case !m.done[f]:
				m.problem(key, "<< merges what it stands in itself")
			default:
				merged = append(merged, f.Content...)
			}
		}
	}
	for i := 0; i+1 < len(merged); i += 2 {
		if !hasKey(own, merged[i].Value) {
			own = append(own, merged[i], merged[i+1])
		}
	}
	node.Content = own
}

// hasKey says that a mapping's content has a key.
func hasKey(content []*yaml.Node, name string) bool {
	for i := 0; i < len(content); i += 2 {
		if content[i].Value == name {
			return true
		}
	}
	return false
}
