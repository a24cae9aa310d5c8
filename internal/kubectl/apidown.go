package kubectl

import (
	"regexp"
	"strings"
)

// downed is an aggregated API that can't be asked for its kinds.
type downed struct {
	api   string // as in "metrics.k8s.io/v1beta1"
	cause string // why it can't
}

// discovery is what kubectl logs of such an API: the first form up to 1.36, where
// quotes may be escaped, the second from 1.37 on.
var discovery = regexp.MustCompile(`(?i)couldn't get resource list for ([\w.-]+/\w+): (.+)|"Couldn't get resource list" err="(.+?)" (?:groupVersion|gv)="([^"]+)"`)

// downAPI is the first API that is down in what kubectl said. An API that merely has no
// kinds, and one that may not be asked, are none.
func downAPI(said string) (downed, bool) {
	for _, found := range discovery.FindAllStringSubmatch(said, -1) {
		api, cause := found[1]+found[4], found[2]+found[3]
		if strings.HasPrefix(cause, "Got empty response") || strings.Contains(cause, "forbidden") {
			continue
		}
		cause = strings.TrimSuffix(strings.TrimSpace(repeated.ReplaceAllString(cause, "")), `"`)
		return downed{api: api, cause: strings.ReplaceAll(cause, `\"`, `"`)}, true
	}
	return downed{}, false
}

// repeated is what the filter adds to entries that came several times.
var repeated = regexp.MustCompile(` \(×\d+\)$`)

// kindOf is how kubectl names a kind that it does not find, with the group's version.
var kindOf = regexp.MustCompile(`no matches for kind "[^"]*" in (?:version|group) "([^"/]+)(?:/[^"]*)?"`)

// hides reports whether what kubectl does not find may be of the API that is down:
// a kind of its group, or a resource of which kubectl names no group.
func (o downed) hides(fatal string) bool {
	missing := kindOf.FindStringSubmatch(fatal)
	group, _, _ := strings.Cut(o.api, "/")
	return missing == nil || missing[1] == group
}
