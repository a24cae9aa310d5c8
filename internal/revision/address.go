package revision

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// IsAddress tells whether a text is the address of a repository elsewhere, or looks like
// one: anything but a path of this machine.
func IsAddress(text string) bool {
	return strings.Contains(text, "://") || strings.Contains(text, "::") || scpOf(text) != ""
}

// AddressError says that an address can't be that of a repository.
type AddressError struct {
	Address, Rule string // without what lets people in
}

func (e *AddressError) Error() string { return fmt.Sprintf("repository %q %s", e.Address, e.Rule) }

// checkAddress refuses what hg, git or ssh could take for something else than a place:
// git runs programs for ext::, ssh for a host that is an option.
func checkAddress(kind, address string) error {
	fault := func(rule string) error { return &AddressError{Address: masked(address), Rule: rule} }
	schemes := []string{"https", "http", "ssh", "file"}
	if !strings.Contains(address, "::") && !strings.Contains(address, "://") && scpOf(address) != "" {
		host, path, _ := strings.Cut(address, ":")
		return fault(fmt.Sprintf("is git's short form; write it as a URL, such as ssh://%s/%s", host, strings.TrimPrefix(path, "/")))
	}
	parsed, err := url.Parse(address)
	switch {
	case err != nil || !strings.Contains(address, "://") || strings.HasPrefix(address, "-"):
		return fault("is no URL")
	case !slices.Contains(schemes, parsed.Scheme):
		return fault(fmt.Sprintf("is no URL that %s may use: of %s", kind, strings.Join(schemes, ", ")))
	case strings.HasPrefix(parsed.Host, "-") || strings.HasPrefix(parsed.User.Username(), "-"):
		return fault("names a host or a user that begins with a dash, which only options do")
	case parsed.Scheme != "file" && parsed.Hostname() == "":
		return fault("names no host")
	}
	return nil
}

// masked is an address without what lets people in.
func masked(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	rest, _, _ = strings.Cut(rest, "?")
	authority, path, hasPath := strings.Cut(rest, "/")
	if at := strings.LastIndex(authority, "@"); at >= 0 {
		user, _, _ := strings.Cut(authority[:at], ":")
		if authority = authority[at+1:]; scheme == "ssh" {
			authority = user + "@" + authority
		}
	}
	if hasPath {
		authority += "/" + path
	}
	return scheme + "://" + authority
}

// withoutSecrets is an address as it stays when what lets people in is another.
func withoutSecrets(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.User == nil {
		return address
	}
	letNobodyIn(parsed)
	return parsed.String()
}

// letNobodyIn takes away what lets people in. The user of ssh says where something is.
func letNobodyIn(address *url.URL) {
	if address.Scheme == "ssh" && address.User != nil {
		address.User = url.User(address.User.Username())
	} else {
		address.User = nil
	}
}

// without is what a program said of an address, without what lets people in.
func without(said, address string) string {
	said = strings.ReplaceAll(said, address, masked(address))
	parsed, err := url.Parse(address)
	if err != nil || parsed.User == nil {
		return said
	}
	if password, ok := parsed.User.Password(); ok && password != "" {
		said = strings.NewReplacer(parsed.User.String()+"@", "", password, "…", url.QueryEscape(password), "…").Replace(said)
	}
	if parsed.Scheme != "ssh" {
		said = strings.ReplaceAll(said, parsed.User.String()+"@", "")
	}
	return said
}
