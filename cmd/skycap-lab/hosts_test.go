package main_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
)

// The life of a lab's hosts: made in spite of being killed at several moments, with what
// was written to them after a crash, fewer when asked for, and gone without a trace.
func TestHosts(t *testing.T) {
	needRoot(t)
	l := newLab(t)
	l.run("up") // the cluster; what follows is about the hosts
	for _, after := range []time.Duration{200 * time.Millisecond, 700 * time.Millisecond, 1500 * time.Millisecond, 2500 * time.Millisecond} {
		l.upKilled(after, "--hosts=2")
	}
	l.run("up", "--hosts=2")
	for _, host := range []string{"worker1", "worker2"} {
		l.wantOn(host, "hostname && systemctl is-system-running && sudo -n systemctl daemon-reload && id -un", host+"\nrunning\ndeploy\n")
	}
	l.wantOn("worker1", "mkdir /srv/worker/releases && cd /srv/worker && echo one > kept && sync && cat kept", "one\n")

	l.killDaemons()
	if out, err := l.try("status"); err == nil || !strings.Contains(out, "worker1") {
		t.Errorf("status says, although all daemons are dead: %v\n%s", err, out)
	}
	l.run("up")
	l.wantOn("worker1", "cat /srv/worker/kept", "one\n")

	if out := l.run("up", "--hosts=1"); !strings.Contains(out, "removed worker2") {
		t.Errorf("up with fewer hosts says\n%s", out)
	}
	if _, err := os.Stat(l.dir.Host("worker2")); !os.IsNotExist(err) {
		t.Errorf("worker2 is left: %v", err)
	}
	l.wantOn("worker1", "cat /srv/worker/kept", "one\n")

	if out := l.run("env"); !strings.Contains(out, "SKYCAP_SSH_CONFIG="+l.dir.SSH("config")) {
		t.Errorf("env says\n%s", out)
	}
	l.run("down", "--purge")
	l.wantNoTrace()
}

// wantOn runs a command on a host, as a deployer would.
func (l testLab) wantOn(host, command, want string) {
	l.t.Helper()
	out, err := process.Command{Argv: []string{"ssh", "-F", l.dir.SSH("config"), "-o", "BatchMode=yes", host, command}}.Run(l.t.Context())
	if err != nil || string(out) != want {
		l.t.Fatalf("%s answers %q, %v; want %q", host, out, err, want)
	}
}
