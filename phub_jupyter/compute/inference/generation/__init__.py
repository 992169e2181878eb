"""Writing text with a causal language model: many requests share each step of the model.

transformers has a batching of its own for this, made for GPUs; on a processor it was several times
slower than a plain batch, and it knows neither a seed per request nor stop strings.
"""
