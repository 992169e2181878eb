"""One module a change of the schema, each named by its place in the row."""
