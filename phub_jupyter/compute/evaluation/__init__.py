"""Measures models on data: predictions, scores with how sure they are, comparisons, a report."""
