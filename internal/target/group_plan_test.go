package target

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/pkg/skycap"
)

func TestPlansAreMerged(t *testing.T) {
	t.Parallel()
	g, namespace, hosts, written := two()
	namespace.plan = Plan{Changes: change, Kept: []string{"replicas"}, Releases: []skycap.Release{{Number: 4}}, Force: true}
	hosts.plan = Plan{Changes: change, Kept: []string{"a stopped unit"}, Releases: []skycap.Release{{Number: 2}}}
	plan, err := g.Plan(t.Context(), everything, Options{})
	require.NoError(t, err)
	assert.Len(t, plan.Changes, 2)
	assert.Equal(t, []string{"replicas", "a stopped unit"}, plan.Kept)
	assert.Equal(t, namespace.plan.Releases, plan.Releases, "the ledger's")
	assert.True(t, plan.Force)
	assert.Equal(t, []string{"api web worker anew=false"}, hosts.planned, "each gets the whole release")

	namespace.number = 5
	number, err := g.Begin(t.Context(), everything, plan, 0)
	require.NoError(t, err)
	assert.Equal(t, 5, number)
	assert.Equal(t, []string{"namespace begin 0 recorded=0 resumes=false", "hosts begin 5 recorded=0 resumes=false"}, written.take())

	namespace.errs["plan"], hosts.errs["plan"] = errors.New("no quota"), errAway
	_, err = g.Plan(t.Context(), everything, Options{})
	require.ErrorContains(t, err, "no quota\nit is away", "all faults at once")
}

func TestPartsAgreeOnWhatThereIsToDo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		namespace, hosts Plan
		nothing, resumes bool
		again            []string // who has to plan again
		want             int      // what the parts take for recorded
	}{
		"nothing at all":             {Plan{Recorded: 3}, Plan{Recorded: 3}, true, false, nil, 3},
		"hosts lost their record":    {Plan{Recorded: 3}, Plan{}, true, false, nil, 3},
		"a host lost its folder":     {Plan{Recorded: 3}, Plan{Recorded: 3, Changes: change}, false, false, []string{"namespace"}, 0},
		"an object is another":       {Plan{Recorded: 3, Changes: change}, Plan{Recorded: 3}, false, false, []string{"hosts"}, 0},
		"the ledger knows it not":    {Plan{}, Plan{Recorded: 3}, false, false, []string{"hosts"}, 0},
		"it was cut off":             {Plan{Recorded: 3, Resumes: true}, Plan{Recorded: 3, Resumes: true}, false, true, nil, 3},
		"it was cut off in one only": {Plan{Recorded: 3, Resumes: true}, Plan{}, false, true, nil, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, namespace, hosts, _ := two()
			namespace.plan, hosts.plan = test.namespace, test.hosts
			plan, err := g.Plan(t.Context(), everything, Options{})
			require.NoError(t, err)
			assert.Equal(t, test.nothing, plan.Nothing())
			for _, part := range plan.parts {
				assert.Equal(t, test.resumes, part.Resumes)
				assert.Equal(t, test.want, part.Recorded)
			}
			for _, part := range []*part{namespace, hosts} {
				planned := []string{"api web worker anew=false"}
				if slices.Contains(test.again, part.name) {
					planned = append(planned, "api web worker anew=true")
				}
				assert.Equal(t, planned, part.planned, part.name)
			}
		})
	}
}

func TestANewReleaseRunsJobsWhereNothingElseChanges(t *testing.T) {
	t.Parallel()
	g, namespace, hosts, _ := two()
	namespace.plan, namespace.anew = Plan{Recorded: 3}, Plan{Changes: []skycap.ObjectChange{{Action: "run"}}}
	hosts.plan = Plan{Recorded: 3, Changes: change}
	plan, err := g.Plan(t.Context(), everything, Options{})
	require.NoError(t, err)
	assert.Equal(t, []skycap.ObjectChange{{Action: "run"}, {Action: "update"}}, plan.Changes)
}

func TestTheLedgerRecordsWhatConcernsHostsOnly(t *testing.T) {
	t.Parallel()
	g, namespace, hosts, written := two()
	plan, err := g.Plan(t.Context(), onHostsOnly, Options{})
	require.NoError(t, err)
	namespace.number = 7
	number, err := g.Begin(t.Context(), onHostsOnly, plan, 0)
	require.NoError(t, err)
	assert.Equal(t, 7, number)
	require.NoError(t, g.Stage(t.Context(), plan, onHostsOnly.Services, nil))
	assert.Equal(t, []string{
		"namespace begin 0 recorded=0 resumes=false", "hosts begin 7 recorded=0 resumes=false", "hosts stage worker",
	}, written.take())

	hosts.planned = nil
	_, err = g.Plan(t.Context(), &release.Release{Services: services(apiThere)}, Options{})
	require.NoError(t, err)
	assert.Empty(t, hosts.planned, "hosts are left alone where nothing runs on them")
}

func TestNumbersNeverRunTwice(t *testing.T) {
	t.Parallel()
	g, namespace, hosts, written := two()
	hosts.plan.Releases = []skycap.Release{{Number: 9}} // older than the namespace
	namespace.plan.Releases = []skycap.Release{{Number: 2}}
	plan, err := g.Plan(t.Context(), everything, Options{})
	require.NoError(t, err)
	number, err := g.Begin(t.Context(), everything, plan, 0)
	require.NoError(t, err)
	assert.Equal(t, 10, number)
	written.take()

	hosts.errs["begin"] = errAway
	number, err = g.Begin(t.Context(), everything, plan, 0)
	require.ErrorIs(t, err, errAway)
	assert.Equal(t, 10, number, "it is recorded already in the ledger")
}

func TestResultsGoToThePartsThatHaveARecord(t *testing.T) {
	t.Parallel()
	g, namespace, _, written := two()
	namespace.releases = []skycap.Release{{Number: 4, Services: []string{"api", "worker"}}, {Number: 3, Services: []string{"api"}}}
	require.NoError(t, g.End(t.Context(), 4, skycap.ResultOK))
	assert.ElementsMatch(t, []string{"namespace end 4 ok", "hosts end 4 ok"}, written.take())
	require.NoError(t, g.End(t.Context(), 3, skycap.ResultOK))
	assert.Equal(t, []string{"namespace end 3 ok"}, written.take())
	require.NoError(t, g.Leave(t.Context(), []int{2}, 4))
	assert.ElementsMatch(t, []string{"namespace leave [2] 4", "hosts leave [2] 4"}, written.take())
	require.NoError(t, g.Leave(t.Context(), nil, 4))
	assert.Empty(t, written.take())
}
