package target

import (
	"context"
	"errors"
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
