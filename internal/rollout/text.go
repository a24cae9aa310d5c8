package rollout

import (
	"regexp"
	"strconv"
	"strings"
)

func quoted(name string) string { return strconv.Quote(name) }

// between returns what stands between two marks; nothing when they are not there.
func between(text, before, after string) string {
	_, rest, _ := strings.Cut(text, before)
	found, _, ok := strings.Cut(rest, after)
	if !ok {
		return ""
	}
	return found
}

// match returns the first group of an expression; nothing when it does not match.
func match(expression *regexp.Regexp, text string) string {
	if groups := expression.FindStringSubmatch(text); len(groups) > 1 {
		return groups[1]
	}
	return ""
}

// lineLength is how much of a message people read.
const lineLength = 400

// oneLine makes a message fit for a line.
func oneLine(text string) string {
	return shortened(strings.Join(strings.Fields(text), " "))
}

func shortened(text string) string {
	if runes := []rune(text); len(runes) > lineLength {
		text = string(runes[:lineLength]) + "…"
	}
	return text
}

// wrapping is what programs put around the error of the program that they called.
var wrapping = regexp.MustCompile(`^(rpc error: code = \w+ desc = |Back-off pulling image "[^"]*": |ErrImagePull: |Error: |Error creating: |` +
	`failed to pull and unpack image "[^"]*": |failed to resolve (reference|image) "[^"]*": |failed to do request: |` +
	`failed to (create|start) (containerd|shim) task: |failed to create shim( task)?: |OCI runtime (create|exec) failed: |runc create failed: |` +
	`unable to start container process: |error during container init: |Internal error occurred: |` +
	`failed to exec in container: |failed to start exec "[^"]*": |exec failed: )`)

// gist returns the innermost part of an error, which says what is wrong, in full length.
func gist(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	for {
		inner := wrapping.ReplaceAllString(text, "")
		if inner == text {
			return strings.TrimSuffix(inner, ": unknown")
		}
		text = inner
	}
}
