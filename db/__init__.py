"""PostgreSQL: connections, migrations, and one module of query functions per aggregate.

Query functions take a connection and never commit: whoever opened the transaction (`db.pool.Database`) decides what
stands or falls together. The company id is always an argument and always in the WHERE clause; row-level security
holds below that, should one be forgotten.
"""
