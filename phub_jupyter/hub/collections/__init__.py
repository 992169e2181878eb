"""Collections of repositories: who may see and change them, and what is in them."""
