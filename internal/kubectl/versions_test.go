package kubectl

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDifferencesAreComplete(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, difference := range Differences() {
		assert.NotEmpty(t, difference.Answer, difference.Behaviour)
		assert.False(t, seen[difference.Behaviour], difference.Behaviour)
		seen[difference.Behaviour] = true
		if difference.Until != 0 {
			assert.LessOrEqual(t, difference.Since, difference.Until, difference.Behaviour)
			assert.GreaterOrEqual(t, difference.Until, Oldest, "%s: no kubectl does that any more", difference.Behaviour)
		}
		assert.LessOrEqual(t, difference.Since, Newest, difference.Behaviour)
		for _, variable := range difference.Env {
			name, _, isSet := strings.Cut(variable, "=")
			assert.True(t, isSet && name != "", variable)
			assert.Contains(t, environment(), variable)
		}
	}
	assert.Equal(t, "1.27 to 1.37", Supported())
}
