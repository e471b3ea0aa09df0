"""The roles that the product runs as, the one that full-text search runs as, and who may become them.

Roles belong to the cluster: several databases share them, and several migrations may make them at the same moment.
"""

from typing import Any, Final

import psycopg
from psycopg import sql

from core.errors import SettingsError
from db.pool import APP_ROLE, SYSTEM_ROLE

SEARCH_ROLE: Final = "onboarding_search"
"""Owns the full-text functions of the knowledge base (0002_knowledge.sql); no process becomes it, the owner alone."""
_PRODUCT_ROLES: Final = (APP_ROLE, SYSTEM_ROLE)
_ROLES: Final = (*_PRODUCT_ROLES, SEARCH_ROLE)

# Tells who we are, and for each role whether it exists and whether we may become it.
_STANDING: Final = """
    SELECT wanted.name, r.oid IS NOT NULL, coalesce(pg_has_role(session_user, r.oid, 'SET'), false)
    FROM unnest(%s::text[]) AS wanted (name) LEFT JOIN pg_roles r ON r.rolname = wanted.name
"""

# Makes a role that can do nothing of itself.
_CREATE: Final = "CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"

# Lets a login become a role, without holding its rights all the time. SET and INHERIT: PostgreSQL 16 and later.
_GRANT: Final = "GRANT {role} TO {login} WITH SET TRUE, INHERIT FALSE"


def ensure_roles(connection: psycopg.Connection[Any], logins: tuple[str, ...] = ()) -> None:
    """Make the roles where missing; let this login become all of them, and `logins` those of the product.

    Raises SettingsError with the statements for an administrator when the login may not do that.
    """
    for role, exists, _ in _standing(connection):
        if not exists:
            _create(connection, role)
    for role, _, may_become in _standing(connection):
        if not may_become:
            _grant(connection, role, connection.info.user, _ROLES)
    for login in logins:
        for role in _PRODUCT_ROLES:
            _grant(connection, role, login, _PRODUCT_ROLES)


def _standing(connection: psycopg.Connection[Any]) -> list[tuple[str, bool, bool]]:
    return connection.execute(_STANDING, (list(_ROLES),)).fetchall()


def _create(connection: psycopg.Connection[Any], role: str) -> None:
    try:
        with connection.transaction():
            connection.execute(sql.SQL(_CREATE).format(role=sql.Identifier(role)))
    except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        return  # another database of the cluster is migrating at this moment
    except psycopg.errors.InsufficientPrivilege:
        raise _refusal(connection.info.user, _ROLES) from None


def _grant(connection: psycopg.Connection[Any], role: str, login: str, wanted: tuple[str, ...]) -> None:
    statement = sql.SQL(_GRANT).format(role=sql.Identifier(role), login=sql.Identifier(login))
    try:
        with connection.transaction():
            connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        raise _refusal(login, wanted) from None


def _refusal(login: str, wanted: tuple[str, ...]) -> SettingsError:
    creations = "; ".join(f"CREATE ROLE {role}" for role in _ROLES)
    return SettingsError(
        f"DATABASE_ADMIN_URL: the login may not make or grant the product's roles; as an administrator:"
        f' {creations}; GRANT {", ".join(wanted)} TO "{login}"'
    )
