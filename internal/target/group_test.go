package target

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/pkg/skycap"
)

var errAway = errors.New("it is away")

// two is a group of a namespace, which is the ledger and has api and web, and of
// hosts, which have web and worker.
func two() (g *Group, namespace, hosts *part, written *diary) {
	written = &diary{}
	namespace = &part{name: "namespace", diary: written, errs: map[string]error{}}
	hosts = &part{name: "hosts", diary: written, errs: map[string]error{}}
	joined := Join(
		Part{Target: namespace, Kind: skycap.TargetKubernetes, Services: []string{"api", "web"}},
		Part{Target: hosts, Kind: skycap.TargetHosts, Services: []string{"web", "worker"}},
	)
	g, _ = joined.(*Group)
	g.grace = time.Hour
	return g, namespace, hosts, written
}

func place(name string, kind skycap.Target) release.Place {
	return release.Place{Service: name, Target: kind}
}

func services(places ...release.Place) []release.Service {
	var made []release.Service
	for _, at := range places {
		made = append(made, release.Service{Name: at.Service, Target: at.Target})
	}
	return made
}

var (
	apiThere    = place("api", skycap.TargetKubernetes)
	webThere    = place("web", skycap.TargetKubernetes)
	webHere     = place("web", skycap.TargetHosts)
	workerHere  = place("worker", skycap.TargetHosts)
	everything  = &release.Release{Services: services(apiThere, webThere, webHere, workerHere)}
	onHostsOnly = &release.Release{Services: services(workerHere)}
	change      = []skycap.ObjectChange{{Action: "update"}}
)

func TestOneAloneIsNoGroup(t *testing.T) {
	t.Parallel()
	alone := &part{}
	assert.Same(t, alone, Join(Part{Target: alone}))
}

func TestLocksAreTakenInOrderAllOrNone(t *testing.T) {
	t.Parallel()
	g, namespace, hosts, written := two()
	lock, err := g.Lock(t.Context(), []string{"web", "worker", "new"}, Claim{})
	require.NoError(t, err)
	require.NoError(t, lock.Check(t.Context()))
	require.NoError(t, lock.Unlock())
	assert.Equal(t, []string{
		"namespace lock web new", "hosts lock web worker", "namespace check", "hosts check", "hosts unlock", "namespace unlock",
	}, written.take(), "what no part knows is the ledger's")

	lock, err = g.Lock(t.Context(), []string{"worker"}, Claim{})
	require.NoError(t, err)
	require.NoError(t, lock.Unlock())
	assert.Equal(t, []string{"hosts lock worker", "hosts unlock"}, written.take())

	hosts.errs["lock"] = &LockedError{Service: "worker"}
	_, err = g.Lock(t.Context(), []string{"api", "worker"}, Claim{})
	var locked *LockedError
	require.ErrorAs(t, err, &locked)
	assert.Equal(t, []string{"namespace lock api", "hosts lock worker", "namespace unlock"}, written.take())

	delete(hosts.errs, "lock")
	lock, err = g.Lock(t.Context(), []string{"web"}, Claim{})
	require.NoError(t, err)
	namespace.lose(&LostError{Service: "web"})
	<-lock.Context().Done()
	var lost *LostError
	require.ErrorAs(t, context.Cause(lock.Context()), &lost, "the loss of any ends all")
}

func TestHoldersOfAllParts(t *testing.T) {
	t.Parallel()
	g, namespace, hosts, _ := two()
	namespace.holders = map[string]Holder{"web": {Who: "ada"}}
	hosts.holders = map[string]Holder{"web": {Who: "bob"}, "worker": {Who: "bob"}}
	holders, err := g.Holders(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[string]Holder{"web": {Who: "ada"}, "worker": {Who: "bob"}}, holders)
}

func TestFreezesAreAllOrNone(t *testing.T) {
	t.Parallel()
	g, namespace, hosts, written := two()
	hosts.errs["freeze"] = errAway
	require.ErrorIs(t, g.Freeze(t.Context(), Holder{Who: "ada"}, "why"), errAway)
	assert.Equal(t, []string{"namespace freeze ada why", "hosts freeze ada why", "namespace unfreeze"}, written.take())

	delete(hosts.errs, "freeze")
	namespace.frozen = &FrozenError{Who: "ada", Why: "why"}
	frozen, err := g.Unfreeze(t.Context())
	require.NoError(t, err)
	assert.Equal(t, namespace.frozen, frozen)
	assert.Equal(t, []string{"namespace unfreeze", "hosts unfreeze"}, written.take())

	hosts.errs["unfreeze"] = errAway
	_, err = g.Unfreeze(t.Context())
	require.ErrorIs(t, err, errAway)
	assert.Equal(t, []string{"namespace unfreeze", "hosts unfreeze", "namespace freeze ada why"}, written.take())
}

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

func TestApplyGoesInOrder(t *testing.T) {
	t.Parallel()
	g, namespace, hosts, written := two()
	plan := Plan{parts: []Plan{{}, {Changes: change}}}
	changed, err := g.Apply(t.Context(), plan, everything.Services, nil)
	require.NoError(t, err)
	assert.True(t, changed, "one was")
	assert.Equal(t, []string{"namespace apply api web", "hosts apply web worker"}, written.take())

	namespace.errs["apply"] = errAway
	changed, err = g.Apply(t.Context(), plan, everything.Services, nil)
	require.ErrorIs(t, err, errAway)
	assert.False(t, changed)
	assert.Equal(t, []string{"namespace apply api web"}, written.take(), "the second isn't begun")

	delete(namespace.errs, "apply")
	hosts.errs["apply"] = errAway
	changed, err = g.Apply(t.Context(), Plan{parts: []Plan{{Changes: change}, {}}}, everything.Services, nil)
	require.ErrorIs(t, err, errAway)
	assert.True(t, changed, "the first was")
}

func TestOperationsGoInOrderAndTellOfAPart(t *testing.T) {
	t.Parallel()
	g, namespace, hosts, written := two()
	require.NoError(t, g.Restart(t.Context(), []string{"web"}, nil))
	assert.Equal(t, []string{"namespace restart web", "hosts restart web"}, written.take())

	hosts.errs["restart"] = errAway
	err := g.Restart(t.Context(), []string{"web"}, nil)
	var partial *PartialError
	require.ErrorAs(t, err, &partial)
	require.ErrorIs(t, err, errAway)
	require.EqualError(t, err, "hosts: it is away; changed before was kubernetes")
	require.NotErrorAs(t, g.Restart(t.Context(), []string{"worker"}, nil), &partial, "nothing was changed before")

	written.take()
	namespace.errs["restart"] = errAway
	require.NotErrorAs(t, g.Restart(t.Context(), []string{"web"}, nil), &partial)
	assert.Equal(t, []string{"namespace restart web"}, written.take())
}

func TestExecGoesToWhoHasTheInstance(t *testing.T) {
	t.Parallel()
	g, namespace, hosts, written := two()
	hosts.statuses = []skycap.ServiceStatus{{Instances: []skycap.Instance{{Name: "worker1"}}}}
	namespace.status, hosts.status = 0, 3
	status, err := g.Exec(t.Context(), "web", Execution{Instance: "worker1"})
	require.NoError(t, err)
	assert.Equal(t, 3, status)
	assert.Equal(t, []string{"hosts exec"}, written.take())

	status, err = g.Exec(t.Context(), "web", Execution{All: true})
	require.NoError(t, err)
	assert.Equal(t, 3, status, "the first that isn't 0")
	assert.Equal(t, []string{"namespace exec", "hosts exec"}, written.take())

	_, err = g.Exec(t.Context(), "web", Execution{})
	require.NoError(t, err)
	assert.Equal(t, []string{"namespace exec"}, written.take())
}

func TestWaitEndsWithAll(t *testing.T) {
	t.Parallel()
	healthy := rollout.Assessment{State: skycap.StateHealthy}
	broken := rollout.Assessment{State: skycap.StateDegraded, Grade: skycap.GradeFatal}
	g, namespace, hosts, _ := two()
	namespace.assessments = map[release.Place]rollout.Assessment{webThere: healthy}
	hosts.assessments = map[release.Place]rollout.Assessment{webHere: healthy}
	found, err := g.Wait(t.Context(), services(webThere, webHere), nil)
	require.NoError(t, err)
	assert.Equal(t, map[release.Place]rollout.Assessment{webThere: healthy, webHere: healthy}, found)

	progressing := rollout.Assessment{State: skycap.StateProgressing}
	namespace.waits, namespace.assessments = true, map[release.Place]rollout.Assessment{webThere: progressing}
	hosts.assessments[webHere] = broken
	g.grace = 0
	found, err = g.Wait(t.Context(), services(webThere, webHere), nil)
	require.NoError(t, err, "that it was given up is no error")
	assert.Equal(t, map[release.Place]rollout.Assessment{webThere: progressing, webHere: broken}, found)

	hosts.errs["wait"] = errAway
	_, err = g.Wait(t.Context(), services(webThere, webHere), nil)
	require.EqualError(t, err, "it is away")

	hosts.waits = true
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	_, err = g.Wait(late, services(webThere, webHere), nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestSettleAndCloseReachAll(t *testing.T) {
	t.Parallel()
	g, namespace, hosts, written := two()
	namespace.errs["close"], hosts.errs["close"] = errors.New("one"), errors.New("two")
	require.NoError(t, g.Settle(t.Context(), Plan{parts: make([]Plan, 2)}, everything, 4))
	assert.ElementsMatch(t, []string{"namespace settle 4", "hosts settle 4"}, written.take())
	require.EqualError(t, g.Close(), "one\ntwo")
	assert.ElementsMatch(t, []string{"namespace close", "hosts close"}, written.take())
}
