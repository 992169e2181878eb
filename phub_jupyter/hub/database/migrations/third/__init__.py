"""The tables that the third schema adds, by noun."""
