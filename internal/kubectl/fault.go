package kubectl

import (
	"fmt"
	"regexp"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// faultsOf are the fields that a Status complains of: its causes, or where it has
// none, as kubectl shows it, what its message lists.
func faultsOf(status metav1.Status) []Fault {
	object, listed := objectIn(status.Message)
	if status.Details == nil || len(status.Details.Causes) == 0 {
		return faultsIn(object, listed)
	}
	if status.Details.Kind != "" && object == "" {
		object = fmt.Sprintf("%s %q", status.Details.Kind, status.Details.Name)
	}
	var faults []Fault
	for _, cause := range status.Details.Causes {
		faults = append(faults, Fault{Object: object, Field: cause.Field, Text: cause.Message})
	}
	return faults
}

// The ways in which messages name an object, before they list its fields.
var (
	invalidObject = regexp.MustCompile(`(?s)(\S+ "[^"]*") is invalid: ?(.*)`)
	typedObject   = regexp.MustCompile(`(?s)failed to create typed patch object \([^/]*/([^;]*); [^,]*, Kind=(\w+)\): ?(.*)`)
)

// objectIn is the object that a message names, and the rest of the message.
func objectIn(message string) (object, rest string) {
	if found := invalidObject.FindStringSubmatch(message); found != nil {
		return found[1], found[2]
	}
	if found := typedObject.FindStringSubmatch(message); found != nil {
		return fmt.Sprintf("%s %q", found[2], found[1]), found[3]
	}
	return "", message
}

// The forms in which a list has fields: the server's validation, its check of
// types, and its decoder.
var (
	validation = regexp.MustCompile(`(?:^|[\s[*,])([A-Za-z][\w.-]*(?:\[[^\]]*\]|\.[\w./-]+)*): (Invalid value|Required value|Duplicate value|Unsupported value|Forbidden|Not found|Internal error|Too long|Too many)`)
	typing     = regexp.MustCompile(`(?m)(?:^|\s)(\.[a-zA-Z](?:[\w-]|\.|\[[^\]]*\])*): (.+)$`)
	decoding   = regexp.MustCompile(`(unknown|duplicate) field "([^"]+)"`)
)

// faultsIn are the fields that a message lists, with what it says of each.
func faultsIn(object, listed string) []Fault {
	var faults []Fault
	at := validation.FindAllStringSubmatchIndex(listed, -1)
	for i, found := range at {
		end := len(listed)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		faults = append(faults, Fault{Object: object, Field: listed[found[2]:found[3]], Text: strings.TrimRight(listed[found[4]:end], "],*\n ")})
	}
	if len(faults) > 0 {
		return faults
	}
	for _, found := range typing.FindAllStringSubmatch(listed, -1) {
		faults = append(faults, Fault{Object: object, Field: strings.TrimPrefix(found[1], "."), Text: found[2]})
	}
	for _, found := range decoding.FindAllStringSubmatch(listed, -1) {
		faults = append(faults, Fault{Object: object, Field: found[2], Text: found[1] + " field"})
	}
	return faults
}
