"""Training on a Ray cluster: the same race and the same trials, the trials on other machines.

A job of the cluster (`driver`) runs the race; each turn of a candidate is a task of the cluster
(`node`) that goes to whichever machine has room, and again to another one when its machine is
lost. What happens is printed as lines of the job's log; the notebook (`client`) copies them into
the run's record, which stays the truth. Only this package imports ray, and only when it is used.
"""
