package cluster

import (
	"testing"
	"time"
)

func TestReady(t *testing.T) {
	since := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	for name, test := range map[string]struct {
		nodes string
		want  int
	}{
		"none":                   {"", 0},
		"not registered fully":   {"127.0.0.1\n", 0},
		"ready now":              {"127.0.0.1 True 2026-01-02T03:04:05Z\n", 1},
		"ready before it died":   {"127.0.0.1 True 2026-01-02T03:04:04Z\n", 0},
		"not ready":              {"127.0.0.1 False 2026-01-02T03:04:09Z\n", 0},
		"simulated, seldom told": {"simulated True 2026-01-02T03:00:00Z\n", 1},
		"both":                   {"127.0.0.1 True 2026-01-02T03:04:06Z\nsimulated True 2026-01-02T03:04:06Z\n", 2},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ready(test.nodes, since); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}
