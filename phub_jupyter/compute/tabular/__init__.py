"""Models over tables: the file they travel in, and the tables they are asked with."""
