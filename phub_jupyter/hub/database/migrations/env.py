"""Runs the migrations over the connection that ``Database.migrate`` opened."""

from alembic import context

from phub_jupyter.hub.database.tables import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
