"""Which model runs where: one worker process, started when somebody first calls a model."""
