package hosts

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/skycap/skycap/internal/archive"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/ssh"
)

//go:embed scripts/*.sh
var scripts embed.FS

// script is the text of scripts, one after the other, after what all begin with.
func script(names ...string) string {
	var text strings.Builder
	for _, name := range append([]string{"common"}, names...) {
		content, err := scripts.ReadFile("scripts/" + name + ".sh")
		if err != nil {
			panic(err) // it is embedded
		}
		text.Write(content)
	}
	return ssh.Condensed(text.String())
}

// How long steps may take. Builds, hooks and restarts are the owner's: they have long.
const (
	lookTime    = time.Minute
	writeTime   = time.Minute
	stageTime   = 30 * time.Minute
	commandTime = 10 * time.Minute
)

// host is one host of a service.
type host struct {
	group   *group
	address string
	session *ssh.Session
	facts   *facts         // nil until they are read, and once they are not true any more
	records map[int]record // as they were read last
	locked  bool           // its lock is ours
	lost    error          // why it takes no part
	pending []*ssh.Pending // steps whose end nobody has waited for yet
	todo    todo
	outcome outcome
}

// open makes sure that there is a session. It lives until it is closed: what was
// begun has to be brought to an end when the context ends.
func (h *host) open(ctx context.Context) *ssh.Session {
	if h.session == nil {
		h.session = h.group.target.Client.Open(context.WithoutCancel(ctx), ssh.Host{Address: h.address, User: h.group.User})
	}
	return h.session
}

func (h *host) close() error {
	if h.session == nil {
		return nil
	}
	return h.session.Close()
}

// step is a step on the host: scripts, with what all of them want to know.
func (h *host) step(name string, hosting release.Hosting, text string, args ...string) ssh.Step {
	return ssh.Step{
		Name: name, Script: text, Args: args, Timeout: writeTime,
		Env: append(environment(hosting), h.names()...),
	}
}

func environment(hosting release.Hosting) []string {
	return []string{
		"ROOT=" + hosting.DeployTo, "OWNER=" + hosting.Owner, "SUDO=" + strings.Join(hosting.Sudo, " "), "UNIT=" + hosting.Unit,
		"CHECK_URL=" + hosting.CheckURL, "CHECK_COMMAND=" + hosting.CheckCommand, "BUILD=" + hosting.Build, "LOOK=", "SIGN=",
	}
}

// names are the facts that the owner's own command lines are given.
func (h *host) names() []string {
	t := h.group.target
	return []string{
		"SKYCAP_APP=" + t.App, "SKYCAP_ENVIRONMENT=" + t.Environment, "SKYCAP_SERVICE=" + h.group.service, "SKYCAP_HOST=" + h.address,
		"SKYCAP_RELEASE_PATH=", "SKYCAP_REVISION=", "SKYCAP_RELEASE=",
	}
}

// run runs a step and reads its answer. A script that fails says why; that is the error then.
func (h *host) run(ctx context.Context, step ssh.Step) (answer, error) {
	return h.await(ctx, step.Name, h.open(ctx).Send(step))
}

func (h *host) await(ctx context.Context, name string, pending *ssh.Pending) (answer, error) {
	result, err := pending.Wait(ctx)
	found := parse(result.Stdout) // what it said before it was stopped is true as well
	found.status = result.Status
	if err != nil || result.Status == 0 {
		return found, h.failed(name, err)
	}
	return found, &HostError{
		Service: h.group.service, Host: h.address, Step: name, Status: result.Status, Signal: result.Signal,
		Cause: found.first("cause"), Said: lines(string(result.Stderr)), Journal: found.all("journal"),
	}
}

// later sends a step whose end is waited for by settled.
func (h *host) later(ctx context.Context, step ssh.Step) {
	h.pending = append(h.pending, h.open(ctx).Send(step))
}

// settled waits for the ends of all steps that nobody has waited for.
func (h *host) settled(ctx context.Context) error {
	var faults []error
	for _, pending := range h.pending {
		_, err := h.await(ctx, "write", pending)
		faults = append(faults, err)
	}
	h.pending = nil
	return errors.Join(faults...)
}

// failed says on which host and in which step something failed. What is about the
// connection says so itself.
func (h *host) failed(step string, err error) error {
	if err == nil || namesHost(err) || errors.Is(err, context.Canceled) {
		return err
	}
	return &HostError{Service: h.group.service, Host: h.address, Step: step, Cause: err.Error(), cause: err}
}

// namesHost reports whether an error of ssh says itself which host it is about.
func namesHost(err error) bool {
	var key *ssh.HostKeyError
	var auth *ssh.AuthError
	var unreachable *ssh.UnreachableError
	var unknown *ssh.UnknownError
	var late *ssh.TimeoutError
	var shell *ssh.ShellError
	return errors.As(err, &key) || errors.As(err, &auth) || errors.As(err, &unreachable) || errors.As(err, &unknown) ||
		errors.As(err, &late) || errors.As(err, &shell)
}

// look reads the facts, if they aren't known. Deeply runs the check as well.
func (h *host) look(ctx context.Context, deeply bool) error {
	if h.facts != nil && !deeply {
		return nil
	}
	asked := h.group.target.Now()
	if err := h.learn(ctx, h.open(ctx).Send(h.looking(deeply))); err != nil {
		return err
	}
	h.facts.off = outside(h.facts.now, asked, h.group.target.Now())
	return nil
}

// outside is by how much a time is before or after a span of time.
func outside(at, from, to time.Time) time.Duration {
	switch {
	case at.Before(from):
		return at.Sub(from)
	case at.After(to):
		return at.Sub(to)
	}
	return 0
}

func (h *host) looking(deeply bool) ssh.Step {
	hosting := h.group.Service
	step := h.step("look", hosting, script("facts"), hosting.LinkedFiles...)
	step.Timeout = lookTime
	if deeply {
		step.Env = append(step.Env, "LOOK=yes")
	}
	return step
}

// learn waits for a look.
func (h *host) learn(ctx context.Context, pending *ssh.Pending) error {
	result, err := pending.Wait(ctx)
	if err != nil {
		return h.failed("look", err)
	}
	found, err := parseFacts(result.Stdout)
	if err != nil {
		return &HostError{
			Service: h.group.service, Host: h.address, Step: "look", Status: result.Status, Cause: err.Error(), Said: lines(string(result.Stderr)),
		}
	}
	h.facts, h.records = found, found.records
	return nil
}

// manifestScript computes archive.Manifest on a host, as a function of the shell.
func manifestScript() string {
	return "manifest() {\n" + ssh.Condensed(archive.ManifestScript) + "\n}\n"
}

// watchTime is how long a unit without a check has to become active.
const watchTime = 30 * time.Second

// seconds are those that a check has to pass.
func seconds(timeout time.Duration) string {
	return strconv.Itoa(int(cmp.Or(timeout, watchTime).Round(time.Second).Seconds()))
}
