package action

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/pkg/skycap"
)

// The places of the release that is tested: web runs in both kinds of targets.
var (
	webThere   = release.Place{Service: "web", Target: skycap.TargetKubernetes}
	webHere    = release.Place{Service: "web", Target: skycap.TargetHosts}
	workerHere = release.Place{Service: "worker", Target: skycap.TargetHosts}
	apiThere   = release.Place{Service: "api", Target: skycap.TargetKubernetes}
)

var (
	broken    = rollout.Assessment{State: skycap.StateDegraded, Grade: skycap.GradeFatal, Cause: "it crashes"}
	halfway   = rollout.Assessment{State: skycap.StateDegraded, Grade: skycap.GradeFatal, Cause: "it crashes", Partial: true}
	tolerated = rollout.Assessment{
		State: skycap.StateDegraded, Grade: skycap.GradeTransient, Cause: "1 of 4 hosts failed", Partial: true, Tolerated: true,
	}
	errAway = errors.New("it is away")
)

func TestAChangeOfBothKindsOfTargets(t *testing.T) {
	t.Parallel()
	b := &bench{}
	result, err := carried(t, b, of("r1", webThere, webHere), "hold")
	require.NoError(t, err)
	assert.Equal(t, skycap.ResultOK, result.Word)
	assert.Equal(t, map[release.Place]skycap.Word{webThere: skycap.ResultOK, webHere: skycap.ResultOK}, resultsOf(result))
	assert.Equal(t, []string{
		"begin 1 deploy web", "stage web", "apply kubernetes web", "apply hosts web", "settle", "end 1 ok",
	}, b.asked, "all is staged before anything is changed, and Kubernetes goes first")

	b = &bench{}
	_, err = carried(t, b, of("r1", webThere), "hold")
	require.NoError(t, err)
	assert.Equal(t, []string{"begin 1 deploy web", "apply kubernetes web", "settle", "end 1 ok"}, b.asked, "nothing is staged in Kubernetes")
}

func TestHowAChangeEnds(t *testing.T) {
	t.Parallel()
	both := []release.Place{webThere, webHere}
	for name, test := range map[string]struct {
		bench   bench
		places  []release.Place
		want    skycap.Word
		results map[release.Place]skycap.Word
		changed bool
	}{
		"staging failed": {
			bench{stageErr: errAway}, both, skycap.ResultFailed,
			map[release.Place]skycap.Word{webThere: skycap.ResultFailed, webHere: skycap.ResultFailed}, false,
		},
		"the first target failed": {
			bench{applyErr: map[skycap.Target]error{skycap.TargetKubernetes: errAway}, unchanged: map[skycap.Target]bool{skycap.TargetKubernetes: true}},
			both, skycap.ResultFailed,
			map[release.Place]skycap.Word{webThere: skycap.ResultFailed, webHere: skycap.ResultFailed}, false,
		},
		"the second target failed": {
			bench{applyErr: map[skycap.Target]error{skycap.TargetHosts: errAway}, unchanged: map[skycap.Target]bool{skycap.TargetHosts: true}},
			both, skycap.ResultPartial,
			map[release.Place]skycap.Word{webThere: skycap.ResultOK, webHere: skycap.ResultFailed}, true,
		},
		"the second target failed on the way": {
			bench{applyErr: map[skycap.Target]error{skycap.TargetHosts: errAway}}, both, skycap.ResultPartial,
			map[release.Place]skycap.Word{webThere: skycap.ResultOK, webHere: skycap.ResultPartial}, true,
		},
		"all of it is broken": {
			bench{assessments: map[release.Place]rollout.Assessment{webHere: broken}}, both, skycap.ResultUnhealthy,
			map[release.Place]skycap.Word{webThere: skycap.ResultOK, webHere: skycap.ResultUnhealthy}, true,
		},
		"some hosts are broken": {
			bench{assessments: map[release.Place]rollout.Assessment{webHere: halfway}}, both, skycap.ResultPartial,
			map[release.Place]skycap.Word{webThere: skycap.ResultOK, webHere: skycap.ResultPartial}, true,
		},
		"one target is broken, and the other was not got to": {
			bench{assessments: map[release.Place]rollout.Assessment{webThere: broken}}, []release.Place{webThere, workerHere}, skycap.ResultPartial,
			map[release.Place]skycap.Word{webThere: skycap.ResultUnhealthy, workerHere: skycap.ResultFailed}, true,
		},
		"one service is broken, and another of its target was not got to": {
			bench{assessments: map[release.Place]rollout.Assessment{webThere: broken}}, []release.Place{webThere, apiThere}, skycap.ResultUnhealthy,
			map[release.Place]skycap.Word{webThere: skycap.ResultUnhealthy, apiThere: skycap.ResultFailed}, true,
		},
		"it was interrupted": {
			bench{waitErr: context.Canceled}, both, skycap.ResultInterrupted,
			map[release.Place]skycap.Word{webThere: skycap.ResultOK, webHere: skycap.ResultOK}, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := test.bench
			result, err := carried(t, &b, of("r1", test.places...), "hold")
			require.Error(t, err)
			assert.Equal(t, test.want, result.Word)
			assert.Equal(t, test.results, resultsOf(result))
			assert.Equal(t, test.changed, result.Changed)
			assert.False(t, result.Healthy)
			assert.Equal(t, fmt.Sprintf("end 1 %s", test.want), b.asked[len(b.asked)-1], "the record says so")
		})
	}
}

func TestToleratedFailuresEndAsPartialAndStay(t *testing.T) {
	t.Parallel()
	b := &bench{assessments: map[release.Place]rollout.Assessment{workerHere: tolerated}}
	result, err := carried(t, b, of("r1", workerHere, apiThere), "rollback")
	var partial *PartialError
	require.ErrorAs(t, err, &partial)
	require.EqualError(t, err, `service "worker" is healthy in part only, as far as max_failures allows: 1 of 4 hosts failed`)
	assert.Equal(t, []string{"a fact"}, partial.Services[0].Evidence, "why they failed is told")
	assert.Equal(t, skycap.ResultPartial, result.Word)
	assert.Equal(t, map[release.Place]skycap.Word{workerHere: skycap.ResultPartial, apiThere: skycap.ResultOK}, resultsOf(result))
	assert.Equal(t, []string{
		"begin 1 deploy worker api", "stage worker api", "apply hosts worker", "apply kubernetes api", "end 1 partial",
	}, b.asked, "the next wave goes on, nothing is cleared away, and nothing goes back")
}

func TestAHalfThatFailsTakesBothBack(t *testing.T) {
	t.Parallel()
	b := after(webThere, webHere)
	b.assessments = map[release.Place]rollout.Assessment{webHere: halfway}
	result, err := carried(t, b, of("r1", webThere, webHere), "rollback")
	var reverted *RevertedError
	require.ErrorAs(t, err, &reverted)
	require.EqualError(t, err, `service "web" is not healthy, and only a part of it was changed: it crashes`)
	assert.Equal(t, RevertedError{Failure: reverted.Failure, Release: 2, By: 3, To: 1}, *reverted)
	assert.Equal(t, skycap.ResultReverted, result.Word)
	assert.Equal(t, []string{
		"begin 2 deploy web", "stage web", "apply kubernetes web", "apply hosts web", "end 2 partial",
		"begin 3 rollback web", "stage web", "apply kubernetes web", "apply hosts web", "leave [2] 3", "settle", "end 3 ok",
	}, b.asked)
}

func TestWhatWasNotGotToNeedsNoWayBack(t *testing.T) {
	t.Parallel()
	b := after(webThere)
	b.assessments = map[release.Place]rollout.Assessment{webThere: broken}
	result, err := carried(t, b, of("r1", webThere, workerHere), "rollback")
	var reverted *RevertedError
	require.ErrorAs(t, err, &reverted)
	assert.Equal(t, skycap.ResultReverted, result.Word)
	assert.Contains(t, b.asked, "begin 3 rollback web", "worker never ran before")
}

func TestWhatHostsSaidCountsWithoutWaiting(t *testing.T) {
	t.Parallel()
	b := &bench{assessments: map[release.Place]rollout.Assessment{webThere: broken, webHere: halfway}}
	result, err := carriedBy(t, b, of("r1", webThere, webHere), Choices{NoWait: true})
	var unhealthy *UnhealthyError
	require.ErrorAs(t, err, &unhealthy)
	assert.Len(t, unhealthy.Services, 1)
	assert.Equal(t, map[release.Place]skycap.Word{webThere: skycap.ResultOK, webHere: skycap.ResultPartial}, resultsOf(result),
		"nobody looked at Kubernetes")

	b = &bench{assessments: map[release.Place]rollout.Assessment{webThere: broken}}
	result, err = carriedBy(t, b, of("r1", webThere, webHere), Choices{NoWait: true})
	require.NoError(t, err)
	assert.False(t, result.Healthy)
	assert.Equal(t, "end 1 ", b.asked[len(b.asked)-1], "nobody saw how it ended")
}

func TestAReleaseOfAnotherTargetIsNotPutBack(t *testing.T) {
	t.Parallel()
	o, _ := preparing(t, fmt.Sprintf(shop, "worker1"), nil)
	require.NoError(t, o.checkPlaces("staging", 3, of("r0", workerHere).Services))
	require.NoError(t, o.checkPlaces("staging", 3, of("r0", apiThere).Services), "skycap.yaml has no api any more")
	err := o.checkPlaces("staging", 3, of("r0", webThere, webHere).Services)
	require.EqualError(t, err, `release 3 of service "web" in environment "staging" was for target "both", and skycap.yaml says "kubernetes" now`)
	var moved *MovedError
	require.ErrorAs(t, err, &moved)
}
