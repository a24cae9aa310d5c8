package ssh

import (
	"fmt"
	"regexp"
)

// Host is where to log in, as ssh would be told it: an address may be an alias
// of the user's ssh configuration.
type Host struct {
	Address string
	User    string // empty: as ssh has it
}

func (h Host) String() string {
	if h.User == "" {
		return h.Address
	}
	return h.User + "@" + h.Address
}

var (
	hostName = regexp.MustCompile(`^([A-Za-z0-9_][A-Za-z0-9._:%-]*|\[[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?\]|::[0-9A-Fa-f:.]*)$`)
	userName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._:%-]*\$?$`)
	envName  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// NameError says that a host or user has a name which no shell and no ssh should ever see.
type NameError struct {
	What string // host, user
	Name string
}

func (e *NameError) Error() string {
	return fmt.Sprintf("%s %q: a name begins with a letter, a digit or _, and goes on with these or . : %% -", e.What, e.Name)
}

// Check returns a [*NameError] for names that could be taken for options or be read by a shell.
func (h Host) Check() error {
	if !hostName.MatchString(h.Address) {
		return &NameError{What: "host", Name: h.Address}
	}
	if h.User != "" && !userName.MatchString(h.User) {
		return &NameError{What: "user", Name: h.User}
	}
	return nil
}

// destination is the operand of ssh; it takes IPv6 addresses without their brackets.
func (h Host) destination() string {
	if h.Address[0] == '[' {
		return h.Address[1 : len(h.Address)-1]
	}
	return h.Address
}
