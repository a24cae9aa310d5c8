package ssh

import (
	"bytes"
	"context"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/skycap/skycap/internal/run"
)

// route is what ssh would do to reach a host, as ssh -G tells.
type route struct {
	address string   // host:port
	options []string // that are ours to set, since the user didn't
	jumps   []string // of ProxyJump, the first hop first
}

// lazyRoute is asked once for each host.
type lazyRoute struct {
	once  sync.Once
	route route
	err   error
}

// routeDeadline bounds ssh -G, which runs what the user's Match exec names.
const routeDeadline = 30 * time.Second

func (c *Client) routeTo(ctx context.Context, host Host) (route, error) {
	c.mu.Lock()
	if c.routes == nil {
		c.routes = map[Host]*lazyRoute{}
	}
	found, known := c.routes[host]
	if !known {
		found = &lazyRoute{}
		c.routes[host] = found
	}
	c.mu.Unlock()
	found.once.Do(func() { found.route, found.err = c.askRoute(ctx, host) })
	if found.err != nil && ctx.Err() == nil { // whoever asked may have been canceled
		return c.askRoute(ctx, host)
	}
	return found.route, found.err
}

func (c *Client) askRoute(ctx context.Context, host Host) (route, error) {
	var out bytes.Buffer
	args := append(c.config(), "-G")
	if host.User != "" {
		args = append(args, "-l", host.User)
	}
	err := c.Runner.Run(ctx, run.Command{
		Name: "ssh", Args: append(args, "--", host.destination()), Stdout: &out, Timeout: routeDeadline,
	})
	return parseRoute(out.String()), err
}

func parseRoute(text string) route {
	settings := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		settings[name] = value
	}
	found := route{address: net.JoinHostPort(settings["hostname"], settings["port"])}
	if settings["connecttimeout"] == "none" {
		found.options = append(found.options, "ConnectTimeout=10")
	}
	if settings["serveraliveinterval"] == "0" {
		found.options = append(found.options, "ServerAliveInterval=5", "ServerAliveCountMax=3")
	}
	if jumps := settings["proxyjump"]; jumps != "" && jumps != "none" {
		found.jumps = strings.Split(jumps, ",")
	}
	return found
}

// config makes ssh read the configuration that it should.
func (c *Client) config() []string {
	if c.Config == "" {
		return nil
	}
	return []string{"-F", c.Config}
}

// path is how to get to a host: the arguments of ssh, where it starts from, and
// the logs of all hops, the host's own first.
type path struct {
	args     []string
	firstHop string
	logs     []hopLog
}

type hopLog struct {
	jump string // empty for the host itself
	file string
}

// pathTo makes the arguments that lead to a host, all but the operands. ssh would
// start the ssh of a jump host without any of our options: it could ask at
// the terminal, and its log would mix with the steps' stderr. So it is named in full.
func (c *Client) pathTo(ctx context.Context, host Host) (path, error) {
	return c.pathOver(ctx, host, "", nil, 0)
}

// maxJumps ends a ProxyJump that leads back to itself.
const maxJumps = 8

func (c *Client) pathOver(ctx context.Context, host Host, jump string, jumps []string, depth int) (path, error) {
	route, err := c.routeTo(ctx, host)
	if err != nil {
		return path{}, err
	}
	log, err := c.newLog()
	if err != nil {
		return path{}, err
	}
	made := path{firstHop: route.address, logs: []hopLog{{jump, log}}}
	made.args = append(c.config(), c.options()...)
	for _, option := range route.options {
		made.args = append(made.args, "-o", option)
	}
	if jumps == nil {
		jumps = slices.DeleteFunc(route.jumps, func(jump string) bool { return jump == host.Address })
	}
	if len(jumps) > 0 && depth < maxJumps {
		before, last := jumps[:len(jumps)-1], jumps[len(jumps)-1]
		if len(before) == 0 {
			before = nil // the jump host's own ProxyJump holds
		}
		over, err := c.pathOver(ctx, Host{Address: jumpURI(last)}, last, before, depth+1)
		if err != nil {
			return path{}, err
		}
		words := append([]string{"ssh"}, over.args...)
		for i, word := range words {
			words[i] = quote(strings.ReplaceAll(word, "%", "%%"))
		}
		command := strings.Join(words, " ") + " -W '[%h]:%p' -- " + quote(jumpURI(last))
		made.args = append(made.args, "-o", "ProxyCommand="+command)
		made.firstHop = over.firstHop
		made.logs = append(made.logs, over.logs...)
	}
	made.args = append(made.args, "-v", "-E", log)
	return made, nil
}

// jumpURI is a ProxyJump's host in the one form that ssh takes with a port.
func jumpURI(jump string) string {
	if strings.HasPrefix(jump, "ssh://") {
		return jump
	}
	return "ssh://" + jump
}

// options are those that no user's configuration should change.
func (c *Client) options() []string {
	var args []string
	for _, option := range []string{
		"BatchMode=yes", "StrictHostKeyChecking=" + c.hostKeys(), "ForwardAgent=no", "PermitLocalCommand=no",
		"ControlMaster=no", // one that runs is used, but none is left running
	} {
		args = append(args, "-o", option)
	}
	return args
}

func logName(number int) string { return strconv.Itoa(number) + ".log" }
