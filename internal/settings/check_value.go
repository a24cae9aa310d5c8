package settings

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

var (
	labelPattern   = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	imagePattern   = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$`)
	tagPattern     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
	addressPattern = regexp.MustCompile(`^[A-Za-z0-9_:\[][A-Za-z0-9._:%\[\]-]*$`)
	userPattern    = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)
	unitPattern    = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9:_.\\@-]*$`)
)

// maxName is the longest name of an app, a service or an environment. Two of them and what skycap adds fit
// the 253 characters of an object's name, and each fits the 63 of a label.
const maxName = 40

func (c *checker) name(at, name string) { c.label(at, name, maxName) }

func (c *checker) label(at, name string, longest int) {
	c.match(at, name, labelPattern, "a name of small letters, digits and inner hyphens")
	if len(name) > longest {
		c.fault(at, "%q is %d characters long; %d are the most", name, len(name), longest)
	}
}

// match checks a value against a pattern, if there is a value.
func (c *checker) match(at, value string, pattern *regexp.Regexp, want string) {
	if value != "" && !pattern.MatchString(value) {
		c.fault(at, "%q is not %s", value, want)
	}
}

func (c *checker) required(at, value string) bool {
	if value != "" {
		return true
	}
	if _, written := c.places[at]; written {
		c.fault(at, "is empty")
	} else {
		c.fault(at, "is missing")
	}
	return false
}

// oneOf checks a word against those that are known.
func (c *checker) oneOf(at, word string, known ...string) {
	if !slices.Contains(known, word) && !c.isUnread(at) {
		message := fmt.Sprintf("is %q, want one of %s", word, strings.Join(known, ", "))
		c.report(c.place(at), at, message, Nearest(word, known))
	}
}

// operand checks a value that becomes an argument of another program.
func (c *checker) operand(at, value string) {
	if strings.HasPrefix(value, "-") || strings.ContainsAny(value, "\n\t") {
		c.fault(at, "%q begins with a hyphen or has a line break", value)
	}
}

// inside checks a path that stays inside the repository or the release.
func (c *checker) inside(at, file string) bool {
	switch {
	case file == "":
		c.fault(at, "is an empty path")
	case path.IsAbs(file):
		c.fault(at, "%q is an absolute path, want one inside the repository", file)
	case slices.Contains(strings.Split(file, "/"), ".."):
		c.fault(at, "%q leads out of the repository", file)
	default:
		return true
	}
	return false
}

// absolute checks the path of a folder that is not the root.
func (c *checker) absolute(at, folder string) {
	if !path.IsAbs(folder) || path.Clean(folder) != folder || folder == "/" || strings.ContainsAny(folder, ":\n") {
		c.fault(at, "%q is not an absolute path such as /srv/app", folder)
	}
}

// tag checks the template of image tags with a revision of zeros.
func (c *checker) tag(at, text string) {
	zeros := strings.Repeat("0", 40)
	tag, err := Expand(text, TagFields{Node: zeros, Short: zeros[:12], Branch: "default"})
	switch {
	case err != nil:
		c.fault(at, "%v", err)
	case !tagPattern.MatchString(tag):
		c.fault(at, "%q gives %q, which is not an image tag", text, tag)
	}
}
