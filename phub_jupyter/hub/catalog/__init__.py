"""The catalog: an index over the cards of all repositories, and what is asked of it."""
