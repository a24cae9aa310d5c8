package hosts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/skycap/skycap/internal/archive"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/target"
)

// baseIsOther is the exit status of stage.sh when the folder that differences were
// sent for is not what it was.
const baseIsOther = 65

// Stage sends the release to all hosts that don't have it, and builds it there.
func (t *Hosts) Stage(ctx context.Context, _ target.Plan, services []release.Service, log target.Log) error {
	if t.release == nil {
		return errNotBegun
	}
	return t.inGroups(services, func(g *group, service release.Service) error {
		if service.Folder == nil {
			return nil
		}
		sent := &parcels{source: service.Folder.Source, time: t.release.Time, manifest: manifestOf(service.Folder)}
		taking := g.taking()
		errs := each(taking, func(h *host) error { return h.stage(ctx, service, sent, log) })
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return g.lose(taking, errs)
	})
}

// stage sends the release to the host: all of it, should it turn out that the host's
// folder is not the one that the differences are of.
func (h *host) stage(ctx context.Context, service release.Service, sent *parcels, log target.Log) error {
	err := h.stageFrom(ctx, service, h.todo.base, sent, log)
	var failed *HostError
	if errors.As(err, &failed) && failed.Status == baseIsOther && h.todo.base.name != "" {
		h.group.target.warn(fmt.Sprintf("host %q: releases/%s is not as it was deployed: all files are sent", h.address, h.todo.base.name))
		err = h.stageFrom(ctx, service, folder{}, sent, log)
	}
	return err
}

func (h *host) stageFrom(ctx context.Context, service release.Service, base folder, sent *parcels, log target.Log) error {
	recording, err := h.recording()
	if err != nil {
		return err
	}
	f := service.Folder
	var parcel parcel
	manifest := ""
	if h.todo.send {
		manifest = sent.manifest
		if parcel, err = sent.since(ctx, base.revision); err != nil {
			return err
		}
		if parcel.whole {
			base = folder{}
		}
	}
	args := []string{
		h.todo.name, base.name, strconv.Itoa(parcel.removed), manifest, f.Key(), f.Service.ConfigPath, f.Service.SecretsPath,
		strconv.Itoa(h.group.target.number), recording, strconv.Itoa(len(f.Service.LinkedDirs)),
	}
	args = append(append(args, f.Service.LinkedDirs...), f.Service.LinkedFiles...)
	step := h.step("stage", f.Service, manifestScript()+script("stage"), args...)
	step.User, step.Timeout, step.Input = f.Service.Owner, stageTime, parcel.data
	step.Env = append(step.Env, h.about(service, h.todo.name)...)
	said := newSaid(func(line string) { log(h.group.service, h.address, line) })
	step.Errors = said
	_, err = h.run(ctx, step)
	return said.into(err)
}

// revisionOf is the full hash of what the service is deployed at.
func (t *Hosts) revisionOf(service release.Service) string {
	return cmp.Or(service.Revision, t.release.Revision.ID)
}

// about are the facts of a release that the owner's command lines are given.
func (h *host) about(service release.Service, name string) []string {
	t := h.group.target
	return []string{
		"SKYCAP_REVISION=" + t.revisionOf(service), "SKYCAP_RELEASE=" + strconv.Itoa(t.number),
		"SKYCAP_RELEASE_PATH=" + service.Folder.Service.DeployTo + "/releases/" + name,
	}
}

// parcel is what is sent to hosts that have the same: a list of what goes, and a
// tar of what comes.
type parcel struct {
	data    []byte
	removed int  // the length of the list, in bytes
	whole   bool // it needs nothing that is there
}

// parcels makes each parcel once, for however many hosts.
type parcels struct {
	source   release.Source
	time     time.Time
	manifest string // of all files
	mutex    sync.Mutex
	made     map[string]*parcel // by the revision that the host has; empty for none
}

// manifestOf is the manifest of the files as they arrive. With secrets it is another
// than the recorded one, and for the hosts alone: it would tell which guess at a
// short secret is right.
func manifestOf(f *release.Folder) string {
	if f.Service.SecretsPath == "" || f.Source == nil {
		return f.Manifest
	}
	return archive.Manifest(f.Source.Tree())
}

func (p *parcels) since(ctx context.Context, revision string) (parcel, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if found, ok := p.made[revision]; ok {
		return *found, nil
	}
	made, err := p.make(ctx, revision)
	if err != nil {
		return parcel{}, err
	}
	if p.made == nil {
		p.made = map[string]*parcel{}
	}
	p.made[revision] = &made
	return made, nil
}

func (p *parcels) make(ctx context.Context, revision string) (parcel, error) {
	made := parcel{whole: true}
	var changed []string
	if revision != "" {
		paths, removed, err := p.source.Changed(ctx, revision)
		if ctx.Err() != nil {
			return made, ctx.Err()
		}
		if err == nil { // else that revision isn't known here: all is sent
			made.whole, changed = false, paths
			for _, path := range removed {
				made.data = append(append(made.data, path...), 0)
			}
			made.removed = len(made.data)
		}
	}
	if made.whole {
		changed = nil
	} else if changed == nil {
		changed = []string{}
	}
	packed, err := archive.Pack(p.source.Tree(), changed, p.time)
	made.data = append(made.data, packed...)
	return made, err
}

// said takes what a step writes to stderr: each line is told, and the last are kept.
type said struct {
	*lineWriter
	last []string
}

// keptLines is how many lines of a step are kept as evidence.
const keptLines = 30

func newSaid(log func(line string)) *said {
	s := &said{}
	s.lineWriter = &lineWriter{log: func(line string) {
		log(line)
		if s.last = append(s.last, line); len(s.last) > keptLines {
			s.last = s.last[1:]
		}
	}}
	return s
}

// into adds what was said to the error of the step.
func (s *said) into(err error) error {
	s.close()
	var failed *HostError
	if errors.As(err, &failed) && len(failed.Said) == 0 {
		failed.Said = s.last
	}
	return err
}
