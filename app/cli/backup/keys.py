"""The keys of an installation under its recovery key, and the key that seals the backups.

The recovery key is a file that somebody keeps apart from backups and servers. It is needed when
the keys are sealed for the first time (or have changed) and at a restore, not for each backup:
these are sealed under a key derived from the key-encryption key.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from app.cli.backup.folder import Folder, write_whole
from app.cli.servers.processes import ServerFault
from app.kernel.settings import Settings

SHORTEST = 20
COST = {"n": 2**16, "r": 8, "p": 1}  # 64 MB and about a fifth of a second (RFC 7914)
NAMES = ("kek", "guard_key", "guard_key_id", "secret_key")


def _derived(kek: str, purpose: str) -> bytes:
    found = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode())
    return found.derive(bytes.fromhex(kek))


def backup_key(kek: str) -> bytes:
    """The key that seals database and log."""
    return _derived(kek, "backoffice backup")


def _print(keys: dict[str, str]) -> str:
    """Tells whether the sealed keys are still these, without saying which they are."""
    text = json.dumps(keys, sort_keys=True).encode()
    own = HKDF(algorithm=SHA256(), length=16, salt=None, info=b"backoffice backup print")
    return own.derive(text).hex()


def _kek_print(kek: str) -> str:
    return _derived(kek, "backoffice backup kek").hex()[:32]


def held(settings: Settings) -> dict[str, str]:
    """The keys of an installation; the passwords of embedded servers come along."""
    keys = {name: str(getattr(settings, name)) for name in NAMES}
    secrets = settings.data_dir / "private" / "secrets.json"
    if secrets.exists():
        keys = {**json.loads(secrets.read_text()), **keys}
    return keys


def demand_same(folder: Folder, kek: str) -> None:
    """Raises ServerFault for another KEK than the one under which this folder's backups lie.

    Asked before anything is written: one part under another key makes the folder useless.
    """
    if folder.backups() and _known(folder).get("kek") not in (None, _kek_print(kek)):
        raise ServerFault(
            "The KEK has changed: the backups in this folder open by the one before.",
            remedy="Name a new folder, and keep this one with its recovery key.",
        )


def _known(folder: Folder) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(folder.keys.read_text()) if folder.keys.exists() else {}
    return found


def seal(folder: Folder, keys: dict[str, str], recovery: Path | None) -> bool:
    """Seals the keys where they are not sealed yet or have changed; tells whether it did.

    Raises ServerFault when that takes the recovery key and none is named.
    """
    if _known(folder).get("print") == _print(keys):
        return False
    if recovery is None:
        raise ServerFault(
            "The keys are not sealed in this folder yet, or have changed.",
            remedy="Name the recovery key once: --recovery-key FILE",
        )
    salt, nonce = os.urandom(16), os.urandom(12)
    plain = json.dumps(keys, sort_keys=True).encode()
    body = AESGCM(_stretched(recovery, salt)).encrypt(nonce, plain, b"backoffice keys")
    found = {"print": _print(keys), "salt": salt.hex(), "nonce": nonce.hex(), "keys": body.hex()}
    found["kek"] = _kek_print(keys["kek"])
    write_whole(folder.keys, [json.dumps({**found, **COST}, indent=1).encode()])
    return True


def unseal(folder: Folder, recovery: Path) -> dict[str, str]:
    """The keys. Raises ServerFault for another recovery key."""
    if not folder.keys.exists():
        raise ServerFault("There are no keys in this folder.", remedy="Name a folder of backups.")
    found: dict[str, Any] = json.loads(folder.keys.read_text())
    key = _stretched(recovery, bytes.fromhex(found["salt"]))
    try:
        plain = AESGCM(key).decrypt(
            bytes.fromhex(found["nonce"]), bytes.fromhex(found["keys"]), b"backoffice keys"
        )
    except InvalidTag as error:
        raise ServerFault("This is not the recovery key of these backups.") from error
    keys: dict[str, str] = json.loads(plain)
    return keys


def _stretched(recovery: Path, salt: bytes) -> bytes:
    text = recovery.read_text().strip()
    if len(text) < SHORTEST:
        raise ServerFault(
            f"The recovery key has fewer than {SHORTEST} characters.",
            remedy="Make one:  openssl rand -base64 32 > FILE",
        )
    return Scrypt(salt=salt, length=32, **COST).derive(text.encode())
