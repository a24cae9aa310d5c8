package skycap

// The JSON Schemas in schema/ are made from the types and their comments.
//go:generate go run ./internal/schema
