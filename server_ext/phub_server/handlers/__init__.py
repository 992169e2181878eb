"""One module for each noun; each ends with its rows of the route table."""
