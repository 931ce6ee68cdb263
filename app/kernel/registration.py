"""What the kernel itself contributes: permissions of its doors, mailing jobs, words of faults."""

from __future__ import annotations

from app.kernel import approval_rules, sealing, words
from app.kernel.approvals import ApprovalKind
from app.kernel.registry import NewClient, Permission, Registry
from app.kernel.words import _

JOBS = (
    "app.kernel.mail_sending",
    "app.kernel.approvals_done",
    "app.kernel.storage_sweep",
    "app.kernel.client_keys",
)


ERROR_TEXTS = {
    "address-invalid": _("This is no address that mail can be sent to."),
    "conflict": _("Somebody was faster. Nothing was changed; look again and retry."),
    "file-name-invalid": _("Give the file a name of at most 255 characters."),
    "idempotency-key-in-use": _("The same request is being worked on. Wait for its answer."),
    "job-fence-lost": _("Another worker has taken this job over."),
    "job-failed": _("The job failed. What was done before stays; it can be run again."),
    "job-has-ended": _("This job has ended already."),
    "job-is-not-dead": _("This job has not failed for good; it runs or waits."),
    "job-of-the-platform": _("The platform does this by itself. Nobody starts it."),
    "job-rights-ended": _("The person who started this job may no longer do it."),
    "length-required": _("Say how long the content is."),
    "key-not-approved": _("Nobody else has approved this within the last day."),
    "key-of-client": _("One of the two people has to be the client's own."),
    "no-client": _("Open a client first: this belongs to one client."),
    "no-client-key": _("The key of this client is not here. Ask the operator."),
    "no-scope": _("Sign in to go on."),
    "object-damaged": _("The stored file is damaged. Ask the operator to restore it."),
    "object-missing": _("The stored file is missing. Ask the operator to restore it."),
    "object-not-clean": _("This file has not been cleared for use."),
    "object-state-unknown": _("A file cannot be put into this state."),
    "read-not-recorded": _("Who looks must be recorded, and that failed. Nothing is shown."),
    "sealed-with-another-key": _("This was sealed with another key. Ask the operator."),
    "storage-unavailable": _("The file store cannot be reached. Nothing was changed; try again."),
    "too-many-saved-views": _("You have %(most)s saved views of this list. Remove one first."),
    "unavailable": _("This is not available just now. Nothing was changed; try again."),
    "undo-not-possible": _("This can no longer be undone."),
    "usage-key-reused": _("The same usage was recorded before with other content."),
    "worker-lost": _("The program that worked on this was lost. The job can be run again."),
}

NAMES = {
    "approval": _("Approval"),
    "approval_decision": _("Decision on an approval"),
    "client.key.destroy": _("A client's key is destroyed"),
    "approval.carry-out": _("What was approved is carried out"),
    "approval_delegation": _("Delegation of approvals"),
    "approval_policy": _("Rule of approvals"),
    "kernel.approval-asked": _("An approval is asked for"),
    "kernel.approval-decided": _("A decision is carried out"),
    "kernel.approval-failed": _("What was approved could not be carried out"),
    "key_destruction": _("Certificate of a destroyed key"),
    "storage.renew-key": _("A client's key is renewed"),
    "mail.codes": _("Codes are mailed"),
    "mail.deliver": _("A letter is mailed"),
    "storage.sweep": _("Stored files are tidied"),
    "storage.sweep-provider": _("Stored files are tidied"),
    "stored_object": _("Stored file"),
}


def _make_client_key(_client: NewClient) -> None:
    """The client's data key is there, committed, before anything is sealed under it."""
    sealing.client_key()


def register(registry: Registry) -> None:
    """Permissions that the doors of jobs and approvals ask for."""
    words.declare_errors(ERROR_TEXTS)
    words.declare_names(NAMES)
    registry.on_client_created(_make_client_key, order=1)
    work = _("Work")
    registry.add(Permission("job.cancel", _("Stop other people's jobs"), work))
    registry.add(Permission("job.replay", _("Run failed jobs again"), work))
    safety = _("Safety")
    registry.add(Permission("client.keys", _("Renew or destroy a client's key"), safety))
    registry.add(
        Permission("approve.client.key.destroy", _("Approve that a key is destroyed"), safety)
    )
    registry.add(Permission("approve.access.grant", _("Approve access"), _("Access")))
    registry.add(
        Permission(approval_rules.PERMISSION, _("Write the rules of approvals"), _("Safety")),
        ApprovalKind("access.grant", _("Giving somebody access"), order=60),
        ApprovalKind("client.key.destroy", _("Destroying a client's key"), order=80),
    )
