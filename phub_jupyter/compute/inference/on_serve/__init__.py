"""The inference engine on a Ray cluster: replicas of Ray Serve instead of one worker process.

The hub starts a small process (`gateway`) that speaks with it as a worker does, and with the
cluster as one of its drivers. Every commit of a model that is called becomes an application of its
own (`applications`), which Serve gives as many replicas as its calls need; `lines` says which
commit answers while a branch moves. A `replica` runs the same engine as the worker. Only this
package imports ray, and only when it is used.
"""
