package hosts

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

func TestHostsAreConnectedToBeforeTheyAreNeeded(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	logins := func() int { return strings.Count(s.aliases[0].Server.Log(), "Accepted publickey") }
	on := s.open(s.hosting(), 0)
	target.Approach(t.Context(), on, nil)
	require.Eventually(t, func() bool { return logins() == 1 }, 30*time.Second, 10*time.Millisecond)
	assert.NoDirExists(t, s.folders["h1"], "nothing is changed yet")

	one, from := commit("1", revision.Tree{"a": {Data: []byte("1")}}, nil)
	result := s.deploy(t.Context(), on, s.releaseOf(one, from, s.hosting()))
	require.NoError(t, result.err, result.failedIn)
	assert.Equal(t, 1, logins(), "the deploy takes the session that there is")
}

func TestAGoodEndGivesTheLockBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	one, from := commit("1", revision.Tree{"a": {Data: []byte("1")}}, nil)
	r := s.releaseOf(one, from, s.hosting())
	result := s.deploy(t.Context(), s.open(s.hosting(), 0), r)
	require.NoError(t, result.err, result.failedIn)

	on, other := s.open(s.hosting(), 0), s.open(s.hosting(), 0)
	_, err := on.Lock(t.Context(), r.Names(), target.Claim{})
	require.NoError(t, err)
	for _, word := range []skycap.Word{skycap.ResultUnhealthy, skycap.ResultOK} {
		require.NoError(t, on.End(t.Context(), result.number, word))
		lock, err := other.Lock(t.Context(), r.Names(), target.Claim{})
		if word == skycap.ResultOK {
			require.NoError(t, err)
			require.NoError(t, lock.Unlock())
			continue
		}
		var locked *target.LockedError
		require.ErrorAs(t, err, &locked, "what comes after a bad end is done under the lock")
	}
}
