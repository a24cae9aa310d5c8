//go:build !linux

package process

import (
	"context"
	"strconv"
	"strings"
)

// Scan finds the processes of the lab whose state folder is stateDir, from what
// ps prints: arguments and environment in one line. No daemon that runs without
// Linux starts further processes, so each is its own leader.
func Scan(stateDir string) (Table, error) {
	out, err := Command{Argv: []string{"ps", "-A", "-E", "-ww", "-o", "pid=,command="}}.Run(context.Background())
	if err != nil {
		return nil, err
	}
	var table Table
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		component, ok := marked(words, stateDir)
		pid, err := strconv.Atoi(words[0])
		if ok && err == nil {
			table = append(table, Process{PID: pid, Component: component, Leader: true, Argv: words[1:]})
		}
	}
	return table, nil
}
