package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/skycap/skycap/pkg/skycap"
)

// shortRevision is how many digits of a hash people see.
const shortRevision = 12

// summary is a good result as one line:
// deployed storefront 3f2c1a9b8d70 to staging as release 7: web healthy (12.3s).
func summary(command string, result *skycap.Result) string {
	took := time.Duration(result.DurationSeconds * float64(time.Second))
	if !result.Changed && slices.Contains([]string{"", "deploy", "rollback", "move"}, command) {
		return fmt.Sprintf("nothing to do: %s already runs %s%s (%s)",
			result.Environment, words(result.App, short(result.Revision)), asRelease(result.Release), precise(took))
	}
	if !result.Changed && command == "build" {
		return fmt.Sprintf("nothing to do: the images of %s are there (%s)", words(result.App, short(result.Revision)), precise(took))
	}
	text := done(command, result)
	if services := serviceStates(result.Services); services != "" {
		text += ": " + services
	}
	return fmt.Sprintf("%s (%s)", text, precise(took))
}

// imageLines are the images of a good result, a line each, ready to be used elsewhere.
func imageLines(images []skycap.BuiltImage) []string {
	all := make([]string, 0, len(images))
	for _, image := range images {
		reference := image.Repository + ":" + image.Tag
		if image.Digest != "" {
			reference += "@" + image.Digest
		}
		all = append(all, words(image.Service, reference))
	}
	return all
}

// NoiseHidden says how many lines of kubectl's nobody was shown; "" for none.
func NoiseHidden(lines int) string {
	switch lines {
	case 0:
		return ""
	case 1:
		return "kubectl: 1 line of noise hidden, -v shows it"
	}
	return fmt.Sprintf("kubectl: %d lines of noise hidden, -v shows them", lines)
}

// done is what a command has done, with what, and where.
func done(command string, result *skycap.Result) string {
	app, revision, release := result.App, short(result.Revision), asRelease(result.Release)
	switch command {
	case "", "deploy":
		return words("deployed", app, revision, at("to", result.Environment)) + release + unseen(result)
	case "rollback":
		return words("rolled back", app, at("to", revision), at("in", result.Environment)) + release + unseen(result)
	case "move":
		return words("moved", app, revision, at("in", result.Environment)) + release + unseen(result)
	case "build":
		return words("built", app, revision)
	case "stop":
		return words("stopped", app, at("in", result.Environment))
	default:
		return words(strings.TrimSuffix(command, "e")+"ed", app, revision, at("in", result.Environment)) + unseen(result)
	}
}

// unseen says that nobody waited for the services to become healthy.
func unseen(result *skycap.Result) string {
	for _, service := range result.Services {
		if !result.Healthy && service.State == skycap.StateProgressing {
			return ", not waited for"
		}
	}
	return ""
}

// serviceStates groups services by state: web, worker healthy; cron stopped.
func serviceStates(services []skycap.ServiceResult) string {
	var order []skycap.State
	names := map[skycap.State][]string{}
	for _, service := range services {
		if names[service.State] == nil {
			order = append(order, service.State)
		}
		names[service.State] = append(names[service.State], nameOf(service, services))
	}
	groups := make([]string, 0, len(order))
	for _, state := range order {
		groups = append(groups, words(strings.Join(names[state], ", "), string(state)))
	}
	return strings.Join(groups, "; ")
}

// nameOf is how people know a service: where it runs in two kinds of targets, by both.
func nameOf(service skycap.ServiceResult, all []skycap.ServiceResult) string {
	isTwin := func(other skycap.ServiceResult) bool {
		return other.Service == service.Service && other.Target != service.Target
	}
	if slices.ContainsFunc(all, isTwin) {
		return service.Service + " (" + string(service.Target) + ")"
	}
	return service.Service
}

func asRelease(number int) string {
	if number == 0 {
		return ""
	}
	return fmt.Sprintf(" as release %d", number)
}

func at(preposition, place string) string {
	if place == "" {
		return ""
	}
	return preposition + " " + place
}

// words joins those that are not empty.
func words(all ...string) string {
	all = slices.DeleteFunc(all, func(word string) bool { return word == "" })
	return strings.Join(all, " ")
}

func short(revision string) string {
	return revision[:min(len(revision), shortRevision)]
}

// precise is a duration to a tenth of a second: 12.3s, 2m05s.
func precise(d time.Duration) string {
	if d = d.Round(100 * time.Millisecond); d < time.Minute {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return rough(d)
}

// rough is a duration in whole seconds: 45s, 2m05s, 1h02m.
func rough(d time.Duration) string {
	seconds := int(d.Seconds())
	switch {
	case seconds < 60:
		return fmt.Sprintf("%ds", seconds)
	case seconds < 3600:
		return fmt.Sprintf("%dm%02ds", seconds/60, seconds%60)
	default:
		return fmt.Sprintf("%dh%02dm", seconds/3600, seconds/60%60)
	}
}
