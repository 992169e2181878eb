"""Cards: their metadata read, checked and turned into tags."""
