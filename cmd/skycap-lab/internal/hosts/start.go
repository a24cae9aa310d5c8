package hosts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
)

// bootTimeout is for all hosts together: they boot at the same time.
const bootTimeout = 2 * time.Minute

// Start makes sure that each host is there and runs, and that deployers can log in.
// It tells how they are.
func (f Fleet) Start(ctx context.Context) (outcome string, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, bootTimeout, fmt.Errorf("the hosts were not up after %s", bootTimeout))
	defer cancel()
	if err := f.create(ctx); err != nil {
		return "", err
	}
	if f.Machines {
		if err := f.ensureBridge(ctx); err != nil {
			return "", err
		}
	}
	if err := f.eachDaemon(ctx); err != nil {
		return "", err
	}
	said := make([]string, f.Settings.Hosts)
	err = f.each(func(i int, h host) (err error) {
		said[i], err = f.waitForLogin(ctx, h)
		return err
	})
	return f.summary(said), err
}

// create makes what is missing of the hosts' files and of the keys.
func (f Fleet) create(ctx context.Context) error {
	if err := ensureKey(ctx, f.Dir.SSH("id_ed25519"), "skycap-lab"); err != nil {
		return err
	}
	if err := f.each(func(_ int, h host) error { return f.ensureHost(ctx, h) }); err != nil {
		return err
	}
	return f.writeAccess()
}

func (f Fleet) eachDaemon(ctx context.Context) error {
	daemons := f.Daemons()
	return f.each(func(i int, _ host) error {
		_, err := f.processes().Ensure(ctx, daemons[i])
		return err
	})
}

// each does something with all hosts at the same time.
func (f Fleet) each(do func(i int, h host) error) error {
	var all sync.WaitGroup
	faults := make([]error, f.Settings.Hosts)
	for i, h := range f.hosts() {
		all.Go(func() { faults[i] = do(i, h) })
	}
	all.Wait()
	return errors.Join(faults...)
}

// waitForLogin logs in as a deployer would, until that works and the machine has booted.
// A service that has failed on it is not the lab's affair.
func (f Fleet) waitForLogin(ctx context.Context, h host) (condition string, err error) {
	command := "echo running"
	if f.Machines {
		command = "systemctl is-system-running --wait || true"
	}
	ssh := process.Command{Argv: []string{"ssh", "-F", Config(f.Dir), "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", h.name, command}}
	for {
		out, err := ssh.Run(ctx)
		if err == nil {
			return strings.TrimSpace(string(out)), nil
		}
		select {
		case <-ctx.Done():
			return "", errors.Join(context.Cause(ctx), err)
		case <-time.After(100 * time.Millisecond): // booting machines let nobody in
		}
	}
}

// summary names the hosts with the condition of each, those of the same one together:
// "worker1, worker2 running".
func (f Fleet) summary(conditions []string) string {
	var order []string
	by := map[string][]string{}
	for i, condition := range conditions {
		if by[condition] == nil {
			order = append(order, condition)
		}
		by[condition] = append(by[condition], Name(i+1))
	}
	for i, condition := range order {
		order[i] = strings.Join(by[condition], ", ") + " " + condition
	}
	return strings.Join(order, "; ")
}
