"""What Alembic runs: the migrations, on the connection that `migrate` opened."""

from alembic import context

from registry.linked import LINKED  # noqa: F401  its tables join the metadata
from registry.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
