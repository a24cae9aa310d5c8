// Package example makes the Mercurial repository of the example application, and
// builds the image of each of its commits as a CI pipeline would.
package example

import "time"

// commit is one changeset of the repository's history.
type commit struct {
	author  string
	time    time.Time
	message string
	edits   []edit
	tag     string // put on the commit by a further one, as Mercurial does
}

// edit replaces a text in a file.
type edit struct{ path, from, to string }

// bookmark names the last commit; Mercurial moves it with each new one.
const bookmark = "main"

// history is fixed in every detail, so that each lab with the same registry has the
// same hashes. Its end is what lies in configs/example: the first version is that
// with all edits taken back.
func history() []commit {
	const (
		ada   = "Ada Moreau <ada@example.com>"
		bruno = "Bruno Okafor <bruno@example.com>"
		chen  = "Chen Lindqvist <chen@example.com>"
	)
	return []commit{
		{
			author:  ada,
			time:    time.Date(2026, 1, 12, 9, 30, 0, 0, time.UTC),
			message: "storefront: a web service and a worker that show their revision and config",
		},
		{
			author:  bruno,
			time:    time.Date(2026, 1, 13, 14, 5, 0, 0, time.UTC),
			message: "staging: say that nothing is for sale",
			edits: []edit{
				{"config/staging/web/greeting.txt", "Hello from staging.", "Hello from staging: nothing here is for sale."},
				{"config/staging/worker/greeting.txt", "Hello from staging.", "Hello from staging: no parcel leaves it."},
			},
		},
		{
			author:  chen,
			time:    time.Date(2026, 1, 15, 11, 47, 0, 0, time.UTC),
			message: "web, worker: a warmer greeting",
			edits: []edit{
				{"web/handler.go", `"Hello."`, `"Welcome to the shop."`},
				{"worker/worker.py", `"Hello."`, `"The shop's worker welcomes you."`},
			},
			tag: "v1.0",
		},
		{
			author:  ada,
			time:    time.Date(2026, 1, 19, 8, 20, 0, 0, time.UTC),
			message: "README: what the storefront consists of",
			edits:   []edit{{"README.md", "A small shop.", "A small shop: a web service in Kubernetes and a worker on hosts, two environments."}},
		},
		{
			author:  bruno,
			time:    time.Date(2026, 1, 21, 16, 12, 0, 0, time.UTC),
			message: "web, worker: call the shop a storefront",
			edits: []edit{
				{"web/handler.go", `"Welcome to the shop."`, `"Welcome to the storefront."`},
				{"worker/worker.py", `"The shop's worker welcomes you."`, `"The storefront's worker welcomes you."`},
			},
		},
	}
}
