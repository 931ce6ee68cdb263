"""The words of what can be refused in signing in, people and grants."""

from __future__ import annotations

from app.kernel.words import _

ERROR_TEXTS = {
    "sign-in-refused": _("Address or password is not right."),
    "code-refused": _("This code is not right, or it has run out. Ask for a new one."),
    "code-unknown": _("This link does not work any more. Ask for a new one."),
    "code-spent": _("This link was used already, or it has run out. Ask for a new one."),
    "proof-used": _("This code was used a moment ago. Wait for the next one."),
    "passkey-refused": _("The passkey was not accepted. Try again, or use your password."),
    "passkey-copied": _(
        "This passkey was used somewhere else since. Sign in another way and remove it."
    ),
    "second-factor-missing": _(
        "You need a second factor, and none is set. Ask an administrator for a new invitation."
    ),
    "second-factor-needed": _("Set up a passkey, or a password together with an authenticator."),
    "last-factor": _("This is your last second factor. Add another one first."),
    "step-too-old": _("This took too long. Start again."),
    "too-many-tries": _("Too many tries. Wait a few minutes and try again."),
    "password-short": _("Use at least %(least)s characters. A few words work well."),
    "password-long": _("Use at most 256 characters."),
    "password-guessable": _("This password is easy to guess. Use a few unrelated words."),
    "not-an-address": _("Enter an e-mail address, such as name@example.com."),
    "person-of-other-side": _("This address belongs to somebody of the other side."),
    "invalid-email": _("Enter an e-mail address, such as name@example.com."),
    "role-of-other-side": _("This role is for people of the other side."),
    "no-line": _("Choose at least one line."),
    "unknown-line": _("One of these lines is not known."),
    "no-engagement": _("The client has no engagement for one of these lines."),
    "ends-before-it-starts": _("The end must lie after the start, and in the future."),
    "in-the-past": _("Choose a day that is not over."),
    "too-many": _("This is too much at once. Do it in smaller steps."),
    "decided-already": _("Somebody has decided this already."),
    "another-decides": _("Somebody else must decide this: not who asked, nor who gets the access."),
    "not-a-colleague": _("Choose a colleague."),
    "not-the-address": _("Type the address exactly as it is shown."),
    "not-yourself": _("Somebody else must do this for you."),
    "nothing-to-cover": _("There is nothing to cover: no living grant on an engagement."),
    "no-authenticator": _("Set up an authenticator first."),
    "unknown-permission": _("The permission %(name)s does not exist."),
    "last-administrator": _("Somebody must be left who can give access. Nothing was changed."),
    "own-role": _("Nobody changes a role they hold. Ask a colleague."),
    "administrators-missing": _("Name at least one administrator."),
    "has-people-already": _("Somebody has access there already. Invite more people instead."),
    "invalid-role": _("A role needs a name of lower case letters and a known permission."),
    "client-unknown": _("There is no client with this short name."),
    "person-unknown": _("Nobody who works here has this address."),
    "no-provider": _("The provider is not set up yet. Run `backoffice provider create` first."),
    "columns": _("The first line must name these columns: %(wanted)s"),
    "double": _("The same line stands further up. Remove one of them."),
    "role-in-use": _("Somebody holds this role. End those grants first."),
}
