package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

func (n *Namespace) secrets() string { return n.path("api/v1", "secrets") }

// Releases reads the records' summaries.
func (n *Namespace) Releases(ctx context.Context) ([]skycap.Release, error) {
	records, err := n.proxy.Metadata(ctx, n.secrets(), n.selector(","+release.LabelRelease))
	if err != nil {
		return nil, err
	}
	summaries := make([]skycap.Release, 0, len(records))
	for _, record := range records {
		summary, err := release.ParseSummary(record.Annotations)
		if err != nil {
			return nil, fmt.Errorf("release record %q: %w", record.Name, err)
		}
		summaries = append(summaries, summary)
	}
	slices.SortFunc(summaries, func(a, b skycap.Release) int { return b.Number - a.Number })
	return summaries, nil
}

// Begin creates the record: the server lets only one release have a number. Of
// those that were cut off before, that is written down.
func (n *Namespace) Begin(ctx context.Context, r *release.Release, plan target.Plan, number int) (int, error) {
	r.Time = n.proxy.Now() // after it took its locks, by the same clock: that tells whose they are
	ctx, cancel := kubectl.Outliving(ctx)
	defer cancel()
	for _, earlier := range plan.Releases {
		if release.Unfinished(earlier) && isSubset(earlier.Services, r.Names()) && !plan.TakesUp(earlier) {
			if err := n.End(ctx, earlier.Number, skycap.ResultInterrupted); err != nil {
				return 0, err
			}
		}
	}
	if plan.Resumes {
		resumed := map[string]any{release.AnnotationResumed: r.Time.UTC().Format(time.RFC3339Nano)}
		return plan.Recorded, errors.Join(n.annotate(ctx, plan.Recorded, resumed), n.createParts(ctx, r, plan.Recorded))
	}
	for number = max(number, nextNumber(plan)); ; number++ {
		err := n.createRecord(ctx, r, number, nil)
		if failedFor(err, kubectl.Exists) {
			continue
		}
		if err != nil {
			return 0, err
		}
		return number, n.createParts(ctx, r, number)
	}
}

func isSubset(some, all []string) bool {
	return !slices.ContainsFunc(some, func(one string) bool { return !slices.Contains(all, one) })
}

// createRecord creates the first part of a record, which claims its number.
func (n *Namespace) createRecord(ctx context.Context, r *release.Release, number int, query url.Values) error {
	parts, err := r.Record(number)
	if err != nil {
		return err
	}
	return n.proxy.Create(ctx, n.secrets(), query, parts[0], nil)
}

// createParts creates the other parts, where there are any. They go with the first.
func (n *Namespace) createParts(ctx context.Context, r *release.Release, number int) error {
	parts, err := r.Record(number)
	if err != nil || len(parts) == 1 {
		return err
	}
	var first metav1.PartialObjectMetadata
	if err := n.proxy.Get(ctx, n.secrets()+"/"+parts[0].GetName(), nil, &first); err != nil {
		return err
	}
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(partsAtOnce)
	for _, part := range parts[1:] {
		part.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "Secret", Name: first.Name, UID: first.UID}})
		work.Go(func() error { return n.createPart(ctx, part) })
	}
	return work.Wait()
}

// partsAtOnce bounds how many parts are sent or read at the same time.
const partsAtOnce = 4

func (n *Namespace) createPart(ctx context.Context, part *unstructured.Unstructured) error {
	err := n.proxy.Create(ctx, n.secrets(), nil, part, nil)
	if failedFor(err, kubectl.Exists) { // a release that was cut off is taken up again
		return nil
	}
	return err
}

// IncompleteError says that a record lacks a part: its command was killed before
// anything was applied.
type IncompleteError struct {
	Number, Part, Parts int
}

func (e *IncompleteError) Error() string {
	return fmt.Sprintf("the record of release %d lacks part %d of %d: its command was cut off before it changed anything", e.Number, e.Part, e.Parts)
}

// Recorded reads all parts of a record.
func (n *Namespace) Recorded(ctx context.Context, number int) (*release.Release, error) {
	var first corev1.Secret
	if err := n.proxy.Get(ctx, n.secrets()+"/"+release.RecordName(n.App, n.Environment, number), nil, &first); err != nil {
		return nil, err
	}
	count, err := strconv.Atoi(first.Annotations[release.AnnotationParts])
	if err != nil {
		count = 1 // as the first version wrote them
	}
	parts := make([]corev1.Secret, count)
	parts[0] = first
	work, workCtx := errgroup.WithContext(ctx)
	work.SetLimit(partsAtOnce)
	for i := 1; i < count; i++ {
		work.Go(func() error {
			err := n.proxy.Get(workCtx, n.secrets()+"/"+release.PartName(n.App, n.Environment, number, i+1), nil, &parts[i])
			if failedFor(err, kubectl.NotFound) {
				return &IncompleteError{Number: number, Part: i + 1, Parts: count}
			}
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	recorded, err := release.Unpack(parts)
	if err != nil {
		return nil, fmt.Errorf("the record of release %d: %w", number, err)
	}
	return recorded, nil
}

// End writes the result to the record.
func (n *Namespace) End(ctx context.Context, number int, result skycap.Word) error {
	fields := map[string]any{release.AnnotationEnded: n.proxy.Now().UTC().Format(time.RFC3339)}
	if result != "" {
		fields[release.AnnotationResult] = result
	}
	return n.annotate(ctx, number, fields)
}

// Leave writes into the records which rollback left them. One that is gone needs no mark.
func (n *Namespace) Leave(ctx context.Context, numbers []int, by int) error {
	var faults []error
	for _, number := range numbers {
		err := n.annotate(ctx, number, map[string]any{release.AnnotationLeftBy: strconv.Itoa(by)})
		if !failedFor(err, kubectl.NotFound) {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

func (n *Namespace) annotate(ctx context.Context, number int, annotations map[string]any) error {
	return n.proxy.Merge(ctx, n.secrets()+"/"+release.RecordName(n.App, n.Environment, number), kubectl.FieldManager,
		map[string]any{"metadata": map[string]any{"annotations": annotations}})
}
