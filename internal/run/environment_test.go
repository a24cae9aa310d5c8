package run

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEnvironment(t *testing.T) {
	t.Parallel()
	ours := []string{"HOME=/home/ann", "KUBECTL_APPLYSET=true", "KUBECTL_=x", "KUBECONFIG=a:b", "EMPTY=", "NAMES=KUBECTL_X", "odd"}
	for name, test := range map[string]struct {
		command Command
		want    []string
	}{
		"all":    {Command{}, ours},
		"added":  {Command{Env: []string{"A=b"}}, append(ours[:len(ours):len(ours)], "A=b")},
		"one":    {Command{Without: []string{"HOME", "EMPTY", "NAME"}}, []string{"KUBECTL_APPLYSET=true", "KUBECTL_=x", "KUBECONFIG=a:b", "NAMES=KUBECTL_X", "odd"}},
		"family": {Command{Without: []string{"KUBECTL_*"}}, []string{"HOME=/home/ann", "KUBECONFIG=a:b", "EMPTY=", "NAMES=KUBECTL_X", "odd"}},
		"anew":   {Command{Without: []string{"KUBECTL_*"}, Env: []string{"KUBECTL_KUBERC=false"}}, []string{"HOME=/home/ann", "KUBECONFIG=a:b", "EMPTY=", "NAMES=KUBECTL_X", "odd", "KUBECTL_KUBERC=false"}},
	} {
		before := append([]string{}, ours...)
		assert.Equal(t, test.want, test.command.environment(ours), name)
		assert.Equal(t, before, ours, name)
	}
}
