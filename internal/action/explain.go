package action

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/report"
	"github.com/skycap/skycap/pkg/skycap"
)

// refine makes the services of an error say what was found out of them since.
func (c *change) refine(err error) {
	var unhealthy *UnhealthyError
	var partial *PartialError
	var services []skycap.ServiceResult
	switch {
	case errors.As(err, &unhealthy):
		services = unhealthy.Services
	case errors.As(err, &partial):
		services = partial.Services
	}
	for i, service := range services {
		if explained, ok := c.failures[release.Place{Service: service.Service, Target: service.Target}]; ok {
			services[i] = *explained
		}
	}
}

// explainTime bounds how long gathering evidence may take: what is wrong is known without.
const explainTime = 10 * time.Second

// explain gathers why services fail: from the target, and from what is different
// from their last healthy release. All of it is reported, and saved to a folder.
func (c *change) explain(ctx context.Context, failure error) {
	defer c.refine(failure)
	ctx, cancel := context.WithTimeout(ctx, explainTime)
	defer cancel()
	files := map[string][]byte{}
	former := c.lastHealthy(ctx)
	for _, service := range c.release.Services {
		place := service.Place()
		outcome := c.outcome(place)
		if outcome.Result != skycap.ResultUnhealthy && outcome.Result != skycap.ResultPartial {
			continue
		}
		evidence := c.target.Explain(ctx, service, c.assessments[place])
		if evidence.Cause != "" && c.failures[place] == nil {
			outcome.Cause = evidence.Cause
		}
		outcome.Evidence = appendNew(outcome.Evidence, evidence.Facts...)
		for name, content := range evidence.Files {
			files[name] = content
		}
		if differences := c.differences(ctx, service, former[place]); differences != nil {
			outcome.Differences = differences
			outcome.Evidence = appendNew(outcome.Evidence, inWords(differences)...)
		}
		if outcome.FormerFails {
			outcome.Evidence = appendNew(outcome.Evidence, "instances of the former release fail too: it may not be this revision")
		}
		c.failures[place] = &outcome
		for _, fact := range outcome.Evidence {
			c.Report.Event(skycap.Event{Type: skycap.EventEvidence, Service: place.Service, Target: place.Target, Message: fact})
		}
	}
	c.save(files)
}

// label is how people know a place: by its service and, where that runs in two
// kinds of targets, by both.
func (c *change) label(place release.Place) string {
	if inTwo(c.release, place.Service) {
		return place.Service + " (" + string(place.Target) + ")"
	}
	return place.Service
}

func appendNew(facts []string, more ...string) []string {
	for _, fact := range more {
		if !slices.Contains(facts, fact) {
			facts = append(facts, fact)
		}
	}
	return facts
}

// healthy is a service as its last healthy release had it.
type healthy struct {
	number   int
	revision string
	service  release.Service
}

// lastHealthy are the services as their last healthy releases had them. What
// can't be read is left out.
func (c *change) lastHealthy(ctx context.Context) map[release.Place]*healthy {
	found := map[release.Place]*healthy{}
	releases, err := c.target.Releases(ctx)
	if err != nil {
		return found
	}
	read := map[int]*release.Release{}
	for _, service := range c.release.Services {
		place := service.Place()
		last, ok := release.LastHealthy(releases, place.Service, c.result.Release)
		if !ok {
			continue
		}
		if read[last.Number] == nil {
			if read[last.Number], err = c.target.Recorded(ctx, last.Number); err != nil {
				continue
			}
		}
		if service, ok := read[last.Number].At(place); ok {
			found[place] = &healthy{last.Number, cmp.Or(service.Revision, last.Revision), service}
		}
	}
	return found
}

// maxCommits is how many commits between two releases are named.
const maxCommits = 10

func (c *change) differences(ctx context.Context, service release.Service, former *healthy) *skycap.Differences {
	if former == nil || len(service.Objects) == 0 && service.Folder == nil {
		return nil
	}
	differences := release.Compare(former.service, service)
	differences.Release = former.number
	if c.release.Kind == release.Deploy {
		differences.Commits = c.commits(ctx, former.revision, cmp.Or(service.Revision, c.release.Revision.ID))
	}
	return &differences
}

// commits are those of one revision that the other has not. A repository that
// isn't here, as on an operator's machine, has none to tell.
func (c *change) commits(ctx context.Context, from, to string) []string {
	repository, err := c.Repository(ctx)
	if err != nil {
		return nil
	}
	defer func() { _ = repository.Close() }()
	found, err := repository.Between(ctx, from, to, maxCommits)
	if err != nil {
		return nil
	}
	var commits []string
	for _, commit := range found {
		commits = append(commits, commit.Short()+" "+commit.Summary+" ("+commit.Author+")")
	}
	return commits
}

// inWords is the differences as facts.
func inWords(d *skycap.Differences) []string {
	since := fmt.Sprintf("since release %d, which was healthy: ", d.Release)
	var facts []string
	for _, commit := range d.Commits {
		facts = append(facts, since+"commit "+commit)
	}
	for _, image := range d.Images {
		facts = append(facts, since+fmt.Sprintf("image %s: %s → %s", image.Path, report.Value(image.Old), report.Value(image.New)))
	}
	for _, file := range d.Config {
		fact := since + fmt.Sprintf("config file %q was %s", file.Path, file.Change)
		if len(file.Keys) > 0 {
			fact += fmt.Sprintf(" (%s)", strings.Join(file.Keys, ", "))
		}
		facts = append(facts, fact)
	}
	if d.Secrets != nil {
		facts = append(facts, since+fmt.Sprintf("secrets: %s → %s", report.Value(d.Secrets.Old), report.Value(d.Secrets.New)))
	}
	for _, object := range d.Fields {
		if object.Action != "update" {
			facts = append(facts, since+fmt.Sprintf("%s %q: %sd", object.Kind, object.Name, object.Action))
		}
		for _, field := range object.Fields {
			facts = append(facts, since+fmt.Sprintf("%s %q: %s: %s → %s", object.Kind, object.Name, field.Path, report.Value(field.Old), report.Value(field.New)))
		}
	}
	if len(facts) == 0 {
		facts = append(facts, since+"nothing that runs is different: look at what it depends on")
	}
	return facts
}

// keptEvidence is how many folders of evidence are kept on this machine.
const keptEvidence = 20

// save writes the evidence to a folder of its own, which only this user may read.
func (c *change) save(files map[string][]byte) {
	causes := map[string]*skycap.ServiceResult{}
	for place, failure := range c.failures {
		causes[c.label(place)] = failure
	}
	if text, err := json.MarshalIndent(causes, "", "  "); err == nil {
		files["causes.json"] = text
	}
	folder := filepath.Join(c.Evidence, fmt.Sprintf("%s-%s-r%d-%s", c.release.App, c.release.Environment, c.result.Release,
		c.Now().UTC().Format("20060102T150405")))
	for name, content := range files {
		path := filepath.Join(folder, name)
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		if err == nil {
			err = os.WriteFile(path, content, 0o600)
		}
		if err != nil {
			c.Report.Warning(fmt.Sprintf("the evidence could not be saved: %v", err))
			return
		}
	}
	c.result.EvidenceFolder = folder
	c.Report.Event(skycap.Event{Type: skycap.EventEvidence, Message: "logs, events and objects are saved in " + folder})
	c.clearEvidence()
}

// clearEvidence removes the oldest folders. Their names end in their times.
func (c *change) clearEvidence() {
	folders, err := filepath.Glob(filepath.Join(c.Evidence, "*-r*-*T*"))
	if err != nil || len(folders) <= keptEvidence {
		return
	}
	stamp := func(folder string) string { return folder[len(folder)-len("20060102T150405"):] }
	slices.SortFunc(folders, func(a, b string) int { return cmp.Compare(stamp(a), stamp(b)) })
	for _, old := range folders[:len(folders)-keptEvidence] {
		_ = os.RemoveAll(old) // it is only old
	}
}
