package report

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Value is a value in one line.
func Value(value any) string {
	if value == nil {
		return "(none)"
	}
	if text, ok := value.(string); ok && !strings.ContainsAny(text, " \n") {
		return text
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(encoded)
}
