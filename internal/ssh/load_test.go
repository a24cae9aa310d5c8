package ssh

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/run"
	"github.com/skycap/skycap/internal/ssh/sshtest"
)

// BenchmarkSessions opens many sessions and runs one step in each. Their CPU is
// that of ssh and of this process; sshd's, on the same machine, is not in it.
func BenchmarkSessions(b *testing.B) {
	for _, count := range []int{8, 50} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			var aliases []sshtest.Alias
			for i := range count {
				aliases = append(aliases, sshtest.Alias{Name: fmt.Sprintf("h%d", i), Server: sshtest.Start(b)})
			}
			config := sshtest.Config(b, aliases...)
			begun := used()
			for b.Loop() {
				client := &Client{Runner: run.Local{}, Config: config}
				var row []*Pending
				for _, alias := range aliases {
					row = append(row, client.Open(b.Context(), Host{Address: alias.Name}).Send(Step{Script: "true"}))
				}
				for _, pending := range row {
					_, err := pending.Wait(b.Context())
					require.NoError(b, err)
				}
				b.StopTimer()
				require.NoError(b, client.Close())
				b.StartTimer()
			}
			b.ReportMetric((used()-begun).Seconds()/float64(b.N), "cpu-s/op")
		})
	}
}

// BenchmarkStep runs steps over a line of 50 ms there and back.
func BenchmarkStep(b *testing.B) {
	server := sshtest.Start(b)
	network := sshtest.Dial(b, server, 25*time.Millisecond, 0)
	client := &Client{Runner: run.Local{}, Config: sshtest.Config(b, sshtest.Alias{Name: "h", Server: server, Port: network.Port})}
	defer func() { require.NoError(b, client.Close()) }()
	begun := time.Now()
	session := client.Open(b.Context(), Host{Address: "h"})
	_, err := session.Run(b.Context(), Step{Script: "true"})
	require.NoError(b, err)
	first := time.Since(begun)
	upBefore, downBefore := network.Bytes()
	for b.Loop() {
		_, err := session.Run(b.Context(), Step{Script: "true"})
		require.NoError(b, err)
	}
	up, down := network.Bytes()
	b.ReportMetric(first.Seconds(), "s/open+1")
	b.ReportMetric(float64(up-upBefore)/float64(b.N), "B-up/op")
	b.ReportMetric(float64(down-downBefore)/float64(b.N), "B-down/op")
}

// used is the CPU of this process and of the children that have ended.
func used() time.Duration {
	var own, children syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &own)
	_ = syscall.Getrusage(syscall.RUSAGE_CHILDREN, &children)
	return time.Duration(own.Utime.Nano() + own.Stime.Nano() + children.Utime.Nano() + children.Stime.Nano())
}
