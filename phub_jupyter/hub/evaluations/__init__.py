"""What models scored on datasets: read from their files, signed, ranked, and computed here."""
