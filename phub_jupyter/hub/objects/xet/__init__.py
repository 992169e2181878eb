"""The Xet content-addressed store: hashes, xorbs, shards, reconstructions."""
