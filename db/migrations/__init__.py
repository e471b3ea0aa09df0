"""The schema as raw SQL, one numbered file per step; `db.migrate` runs them, there is no alembic.ini and no env.py."""
