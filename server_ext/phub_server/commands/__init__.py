"""What the commands of ``phub`` do, one noun a file; `phub_server.cli` reads what was typed."""
