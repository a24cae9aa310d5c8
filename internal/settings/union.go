package settings

import (
	"reflect"
	"strconv"
	"strings"
)

// decode takes `image` for `images` with the service's own name as the one key.
func (s *Service) decode(d *document, n *node, path string) {
	type fields Service
	both := struct {
		Image   string `yaml:"image"`
		*fields `yaml:",inline"`
	}{fields: (*fields)(s)}
	d.decode(n, reflect.ValueOf(&both).Elem(), path)
	one, ok := n.entry("image")
	if !ok {
		return
	}
	if _, several := n.entry("images"); several {
		d.misread(join(path, "images"), "stands beside image of line %d; only one of the two is wanted", one.at.line)
		return
	}
	name := last(path)
	d.places[join(join(path, "images"), name)] = one.at
	s.Images = map[string]string{name: both.Image}
}

// decode takes a list of addresses for a mapping that holds nothing else.
func (g *HostGroup) decode(d *document, n *node, path string) {
	if n.kind == kindList {
		d.decode(n, reflect.ValueOf(&g.Addresses).Elem(), path)
		return
	}
	if n.kind != kindMapping {
		d.misread(path, "is %s, want a list of addresses or a mapping", n)
		return
	}
	type fields HostGroup
	d.decode(n, reflect.ValueOf((*fields)(g)).Elem(), path)
}

// A Batch is how many hosts are changed at a time, step after step. The first step is the canary.
type Batch []Step

// A Step is a number of hosts, or a share of all of them: one of the two is 0.
type Step struct {
	Hosts   int
	Percent int
}

// Sizes returns how many of the hosts each batch changes. The last step repeats until all are done.
// Shares are of all hosts, round down, and are at least one. No steps mean one host, then all the rest.
func (b Batch) Sizes(hosts int) []int {
	if len(b) == 0 {
		b = Batch{{Hosts: 1}, {Percent: 100}}
	}
	var sizes []int
	for i, left := 0, hosts; left > 0; i++ {
		step := b[min(i, len(b)-1)]
		size := min(max(step.Hosts, hosts*step.Percent/100, 1), left)
		sizes = append(sizes, size)
		left -= size
	}
	return sizes
}

// decode takes one step for a list of one.
func (b *Batch) decode(d *document, n *node, path string) {
	if n.kind == kindList {
		d.decode(n, reflect.ValueOf((*[]Step)(b)).Elem(), path)
		return
	}
	*b = make(Batch, 1)
	(*b)[0].decode(d, n, path)
}

func (s *Step) decode(d *document, n *node, path string) {
	share, isShare := strings.CutSuffix(n.text, "%")
	switch amount, err := strconv.Atoi(share); {
	case n.kind == kindNumber && !isShare && err == nil && amount > 0:
		s.Hosts = amount
	case n.kind == kindText && isShare && err == nil && 0 < amount && amount <= 100:
		s.Percent = amount
	default:
		d.misread(path, "is %s, want a number of hosts from 1 or a share from 1%% to 100%%", n)
	}
}
