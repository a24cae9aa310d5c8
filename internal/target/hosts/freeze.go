package hosts

import (
	"context"

	"github.com/skycap/skycap/internal/target"
)

// Freeze writes to every host why nobody may deploy.
func (t *Hosts) Freeze(ctx context.Context, by target.Holder, why string) error {
	if frozen, err := t.frozen(ctx); err != nil || frozen != nil {
		if frozen != nil {
			return frozen
		}
		return err
	}
	text := mustJSON(freeze{Who: by.Who, Why: why, Since: t.Now().UTC()})
	return t.write(ctx, "freeze", text)
}

// Unfreeze removes that again.
func (t *Hosts) Unfreeze(ctx context.Context) (*target.FrozenError, error) {
	frozen, err := t.frozen(ctx)
	if err != nil || frozen == nil {
		return nil, err
	}
	return frozen, t.write(ctx, "freeze", "")
}

func (t *Hosts) frozen(ctx context.Context) (*target.FrozenError, error) {
	hosts := t.hosts(t.all())
	if err := joined(each(hosts, func(h *host) error { return h.look(ctx, false) })); err != nil {
		return nil, err
	}
	for _, h := range hosts {
		if h.facts.freeze != nil {
			return h.facts.freeze.error(t.Environment), nil
		}
	}
	return nil, nil
}

func (t *Hosts) write(ctx context.Context, name, text string) error {
	return joined(each(t.hosts(t.all()), func(h *host) error {
		if _, err := h.run(ctx, h.step("prepare", h.group.Service, script("prepare"))); err != nil {
			return err
		}
		h.facts = nil
		_, err := h.run(ctx, h.writing(name, text))
		return err
	}))
}
