package run

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
)

// Guard kills the groups of programs that still run when skycap itself has ended,
// however that was: what is called kubectl may be a script that starts the real
// one, which no signal at its parent's death reaches. Its zero value is ready.
type Guard struct {
	start sync.Once
	mutex sync.Mutex
	shell *exec.Cmd
	wire  *os.File // ends with skycap; nil where there is no guard
}

// guardScript hears of groups that begin and end, and kills those left when nobody
// can tell it of more.
const guardScript = `
while read -r sign group; do
	case $sign in
	+) groups="$groups $group" ;;
	-)
		left=
		for one in $groups; do [ "$one" = "$group" ] || left="$left $one"; done
		groups=$left
		;;
	esac
done
for group in $groups; do kill -KILL "-$group"; done 2>/dev/null`

// stand starts the guard, before the first program: once that runs it can be told of at once.
func (g *Guard) stand() {
	if g != nil {
		g.start.Do(g.open)
	}
}

// begins tells of a program that leads a group of its own.
func (g *Guard) begins(program *exec.Cmd) { g.tell('+', program.Process.Pid) }

// ends tells that nothing of the program's group is left.
func (g *Guard) ends(program *exec.Cmd) { g.tell('-', program.Process.Pid) }

func (g *Guard) tell(sign rune, group int) {
	if g == nil {
		return
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.wire != nil {
		_, _ = fmt.Fprintf(g.wire, "%c %d\n", sign, group)
	}
}

// open starts the guard. Without one programs end as they do: most do by themselves.
func (g *Guard) open() {
	end, wire, err := os.Pipe()
	if err != nil {
		return
	}
	defer func() { _ = end.Close() }()
	// It ends by its stdin alone: no context may end it before those whom it guards.
	shell := exec.CommandContext(context.Background(), "/bin/sh", "-c", guardScript)
	shell.Stdin = end
	shield(shell)
	if shell.Start() != nil {
		_ = wire.Close()
		return
	}
	g.shell, g.wire = shell, wire
}

// Close ends the guard, and with it all programs that still run.
func (g *Guard) Close() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.wire == nil {
		return
	}
	_ = g.wire.Close()
	_ = g.shell.Wait()
	g.wire = nil
}
