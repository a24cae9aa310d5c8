package hosts

import (
	"slices"

	"github.com/skycap/skycap/internal/release"
)

// truth is what has become of recorded releases without us, by number: Capistrano
// moves current and removes folders, and tells nobody.
type truth struct {
	undone   map[int]bool // healthy ones that are newer than what runs
	replaced map[int]bool // those after which Capistrano has deployed what runs
	gone     map[int]bool // healthy ones whose folder a host lacks
}

// compare compares records with what hosts run. Hosts without facts say nothing.
func compare(hosts []*host) truth {
	hosts = slices.DeleteFunc(slices.Clone(hosts), func(h *host) bool { return h.facts == nil })
	running := map[string]int{} // the newest, by service
	for _, h := range hosts {
		running[h.group.service] = max(running[h.group.service], h.numberOf(h.facts.running()))
	}
	found := truth{undone: map[int]bool{}, replaced: map[int]bool{}, gone: map[int]bool{}}
	for _, h := range hosts {
		for number, known := range h.records {
			replaced, before := found.replaced[number]
			found.replaced[number] = (replaced || !before) && h.isReplaced(known)
			if !release.Healthy(known.Summary) {
				continue
			}
			_, isThere := h.facts.folder(known.Folder)
			found.gone[number] = found.gone[number] || !isThere
			found.undone[number] = !slices.ContainsFunc(known.Summary.Services, func(service string) bool {
				return running[service] == 0 || running[service] >= number
			})
		}
	}
	return found
}

// isReplaced reports whether the host runs a newer release that it has no record of.
func (h *host) isReplaced(by record) bool {
	running := h.facts.running()
	return running > by.Folder && h.numberOf(running) == 0
}
