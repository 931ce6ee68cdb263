"""Every attack there is, by what it is made on."""

from __future__ import annotations

from tests.guard import attacks_on_clients, attacks_on_principals, attacks_on_rights

ATTACKS = [
    *attacks_on_clients.TENANT,
    *attacks_on_clients.LINES,
    *attacks_on_clients.ENDED,
    *attacks_on_principals.PRINCIPALS,
    *attacks_on_principals.FORGED,
    *attacks_on_principals.LOGIN,
    *attacks_on_clients.WRITING,
    *attacks_on_rights.ADMINISTRATION,
    *attacks_on_rights.DATABASE,
]
