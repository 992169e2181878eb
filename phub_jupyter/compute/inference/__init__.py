"""Running models: one pipeline per task, batching by length, the worker program.

Given a folder that holds a model, this room answers requests in the shapes of the public
Inference API. It runs in the hub's worker process or in a notebook's kernel.
"""
