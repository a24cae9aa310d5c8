package hosts

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// The tests wait for hosts more than they compute. The command line may say otherwise.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "6"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
