"""How a database came to its schema: Alembic's environment and one file for each step."""
