"""The passkey ceremony (WebAuthn level 3): options, registration and assertion, user verified.

The device verifies its person (`user_verification=required`), so one passkey is two factors.
Keys are discoverable, so signing in needs no address.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

CHALLENGE_BYTES = 32
MAX_ANSWER = 16_384


class PasskeyRefused(Exception):
    """The answer does not prove the key: wrong challenge, origin, signature or counter."""


@dataclass(frozen=True, slots=True)
class Relying:
    """Who we are to a passkey: the host of the public address, its origin and our name."""

    rp_id: str
    origin: str
    name: str

    @classmethod
    def of(cls, public_url: str, name: str) -> Relying:
        """The relying party of an installation reached at `public_url`."""
        parts = urlsplit(public_url)
        return cls(parts.hostname or "localhost", f"{parts.scheme}://{parts.netloc}", name)


@dataclass(frozen=True, slots=True)
class Registered:
    """A new key: its handle (base64url id), public key (COSE) and first counter."""

    handle: str
    public_key: bytes
    sign_count: int


def new_challenge() -> str:
    """A fresh challenge as base64url text."""
    return bytes_to_base64url(secrets.token_bytes(CHALLENGE_BYTES))


def creation_options(
    relying: Relying, *, person_id: UUID, email: str, name: str, challenge: str, known: list[str]
) -> dict[str, Any]:
    """What `navigator.credentials.create` takes; `known` keys are not made twice."""
    options = webauthn.generate_registration_options(
        rp_id=relying.rp_id,
        rp_name=relying.name,
        user_id=person_id.bytes,
        user_name=email,
        user_display_name=name or email,
        challenge=base64url_to_bytes(challenge),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            require_resident_key=True,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(known),
    )
    found: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return found


def request_options(relying: Relying, *, challenge: str, allowed: list[str]) -> dict[str, Any]:
    """What `navigator.credentials.get` takes; without `allowed` any discoverable key answers."""
    options = webauthn.generate_authentication_options(
        rp_id=relying.rp_id,
        challenge=base64url_to_bytes(challenge),
        allow_credentials=_descriptors(allowed),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    found: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return found


def _descriptors(handles: list[str]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(handle)) for handle in handles]


def register(relying: Relying, answer: str, *, challenge: str) -> Registered:
    """The key behind a registration answer; raises PasskeyRefused."""
    try:
        found = webauthn.verify_registration_response(
            credential=_bounded(answer),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=relying.rp_id,
            expected_origin=relying.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as failure:
        raise PasskeyRefused(str(failure)) from failure
    return Registered(
        bytes_to_base64url(found.credential_id), found.credential_public_key, found.sign_count
    )


def handle_of(answer: str) -> str:
    """The handle a sign-in answer names; raises PasskeyRefused when it names none."""
    try:
        found = json.loads(_bounded(answer))["rawId"]
        return bytes_to_base64url(base64url_to_bytes(str(found)))
    except (ValueError, KeyError, TypeError) as failure:
        raise PasskeyRefused("no handle") from failure


def verify(
    relying: Relying, answer: str, *, challenge: str, public_key: bytes, person_id: UUID
) -> int:
    """The counter of a sign-in answer that the key has signed; raises PasskeyRefused.

    The counter is compared in the database, where two sign-ins at once cannot pass each other.
    """
    try:
        found = webauthn.verify_authentication_response(
            credential=_bounded(answer),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=relying.rp_id,
            expected_origin=relying.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        user = json.loads(answer).get("response", {}).get("userHandle")
        if user is not None and base64url_to_bytes(user) != person_id.bytes:
            raise PasskeyRefused("another person's key")
    except (WebAuthnException, ValueError, KeyError, TypeError, AttributeError) as failure:
        raise PasskeyRefused(str(failure)) from failure
    return found.new_sign_count


def _bounded(answer: str) -> str:
    if len(answer) > MAX_ANSWER:
        raise PasskeyRefused("too long")
    return answer
