"""The one family of errors: each says what is wrong and what the operator can do next.

In: nothing. Out: exception classes. Knows nothing of the rooms that raise them.

A class docstring's first line is its default message; `hint` is the next step, printed by the
command line and sent in problem documents. A test compares this drawing with the classes:

BridgeError
├── SettingsError
│   └── SettingsMissing
├── IntakeError
│   ├── MessageRejected
│   │   ├── NotJson
│   │   ├── WebhookStale
│   │   ├── IdentityTooWeak
│   │   └── MessageTooLarge
│   ├── UnsupportedBody
│   ├── NotAuthenticated
│   │   └── SignatureRefused
│   ├── NotAllowed
│   ├── SourceUnknown
│   ├── SourceUnreadable
│   └── Overloaded
├── AdapterError
│   ├── AdapterNotFound
│   ├── AdapterLoadError
│   ├── AdapterConflict
│   └── TranslationError
├── RuleError
│   ├── NoRule
│   └── RulesChanged
├── StoreError
│   ├── StoreUnavailable
│   │   └── StoreFull
│   ├── StoreLocked
│   ├── StoreCorrupt
│   └── SchemaTooNew
├── OutboxError
│   ├── EntryNotFound
│   ├── LinkNotFound
│   ├── DecisionRefused
│   ├── LinkRefused
│   │   └── CodeRefused
│   └── CapReached
├── CampaignError
├── SandboxError
└── CommandError
    └── DaemonNotRunning
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class BridgeError(Exception):
    """Something campaign-bridge knows how to explain."""

    hint: str = ""
    #: Stable word for machines: problem `type`, logs, `--json`.
    code: ClassVar[str] = "error"

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").splitlines()[0])
        if hint is not None:
            self.hint = hint


class SettingsError(BridgeError):
    """The settings can't be used."""

    hint = "Run `campaign-bridge check` after the change."
    code = "settings"


class SettingsMissing(SettingsError):
    """There is no configuration where one is looked for."""

    hint = "Run `campaign-bridge init` to write one, or name yours with --config."
    code = "settings-missing"


# -- intake ---------------------------------------------------------------------------------


class IntakeError(BridgeError):
    """A call can't be taken."""

    code = "intake"


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One bad field of a message: a JSON pointer (RFC 6901) and what is wrong there."""

    pointer: str
    detail: str


class MessageRejected(IntakeError):
    """The message says something that can't be used."""

    hint = "Correct the fields named in `errors` and send it again."
    code = "invalid-message"

    def __init__(
        self,
        message: str | None = None,
        *,
        fields: Sequence[FieldProblem] = (),
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.fields = tuple(fields)


class NotJson(MessageRejected):
    """The message is not JSON."""

    hint = 'Send one JSON object, such as {"player": "steam:7656…", "achievement": "first_blood"}.'
    code = "not-json"


class WebhookStale(MessageRejected):
    """The webhook is too old, or from the future."""

    hint = "Check this machine's clock; what the webhook told of is found by polling."
    code = "stale-webhook"


class IdentityTooWeak(MessageRejected):
    """The player's id is worth less than the source trusts."""

    hint = 'Write trust = "client" or "name" for the source, after reading what that is worth.'
    code = "weak-identity"


class MessageTooLarge(MessageRejected):
    """The message is larger than the limit."""

    hint = "Send fewer or smaller items; streamed application/x-ndjson has no overall limit."
    code = "too-large"


class UnsupportedBody(IntakeError):
    """The body is of a kind that isn't read here."""

    hint = "Send application/json, application/x-ndjson or application/x-www-form-urlencoded."
    code = "unsupported-body"


class NotAuthenticated(IntakeError):
    """The call carries no valid token."""

    hint = "Send `Authorization: Bearer <token>` with a token that the settings name."
    code = "not-authenticated"


class SignatureRefused(NotAuthenticated):
    """The webhook isn't signed with a secret of these settings."""

    hint = "See that webhook_secret_files hold the secrets that the dashboard shows."
    code = "signature-refused"


class NotAllowed(IntakeError):
    """The caller may not do this."""

    hint = "Use a token whose role allows it; roles are game, read and operator."
    code = "not-allowed"


class SourceUnknown(IntakeError):
    """The settings have no such source."""

    hint = "Name one of [[sources]]; `campaign-bridge status` lists them."
    code = "source-unknown"


class SourceUnreadable(IntakeError):
    """A file of a source can't be read."""

    hint = "Let the daemon's user read it, and enter every folder above it."
    code = "source-unreadable"


class Overloaded(IntakeError):
    """More is waiting to be stored than can be taken on."""

    hint = "Send it again after the time in Retry-After."
    code = "overloaded"


# -- adapters -------------------------------------------------------------------------------


class AdapterError(BridgeError):
    """An adapter can't be used."""

    code = "adapter"


class AdapterNotFound(AdapterError):
    """The settings name an adapter that no installed plugin provides."""

    hint = "Run `campaign-bridge adapters list` to see what is installed."
    code = "adapter-not-found"


class AdapterLoadError(AdapterError):
    """A plugin could not be loaded."""

    hint = "Run `campaign-bridge adapters list` to see what it said; correct or remove it."
    code = "adapter-load"


class AdapterConflict(AdapterError):
    """Two plugins provide an adapter of the same name."""

    hint = "Uninstall one of the two, or rename its adapter."
    code = "adapter-conflict"


class TranslationError(AdapterError):
    """An adapter failed on a message."""

    hint = "Run `campaign-bridge translate ADAPTER FILE` on the message to see it happen."
    code = "translation"


# -- rules ----------------------------------------------------------------------------------


class RuleError(BridgeError):
    """A game event can't be turned into a campaign event."""

    code = "rule"


class NoRule(RuleError):
    """No rule matches this achievement."""

    hint = "Add a [[rules]] entry for it after the existing ones, or send a name that one matches."
    code = "no-rule"


class RulesChanged(RuleError):
    """The rules have changed in a way that could pay feats a second time."""

    hint = (
        "Put new rules after the used ones and leave those as they were; or run "
        "`campaign-bridge check --accept-rekey` after reading what it would change."
    )
    code = "rules-changed"


# -- files and the outbox -------------------------------------------------------------------


class StoreError(BridgeError):
    """A database file can't be used."""

    code = "store"


class StoreUnavailable(StoreError):
    """The disk refused; nothing was stored."""

    hint = "Send it again; the daemon's log says what the disk answered."
    code = "store-unavailable"


class StoreFull(StoreUnavailable):
    """The disk is full; nothing was stored."""

    hint = "Free space on that disk; the daemon goes on by itself, and callers may send again."
    code = "store-full"


class StoreLocked(StoreError):
    """Another process has this database open."""

    hint = "Stop the other campaign-bridge, or give this one a file of its own."
    code = "store-locked"


class StoreCorrupt(StoreError):
    """The database file is damaged."""

    hint = (
        "Keep the file with its -wal. `campaign-bridge outbox salvage` shows what can be read; the "
        "daemon salvages it when it starts; `campaign-bridge outbox restore` takes a backup."
    )
    code = "store-corrupt"


class SchemaTooNew(StoreError):
    """The database was written by a newer campaign-bridge."""

    hint = "Install that version again, or restore a backup made before the upgrade."
    code = "schema-too-new"


class OutboxError(BridgeError):
    """The outbox refused."""

    code = "outbox"


class EntryNotFound(OutboxError):
    """There is no entry with this key."""

    hint = "Run `campaign-bridge outbox list` to see the keys."
    code = "entry-not-found"


class LinkNotFound(OutboxError):
    """The player has no such link session."""

    hint = "Begin one with POST /v1/players/{player}/link."
    code = "link-not-found"


class DecisionRefused(OutboxError):
    """The entry's state doesn't allow this decision."""

    hint = "Run `campaign-bridge outbox show KEY` to see its state and what can be done."
    code = "decision-refused"


class LinkRefused(OutboxError):
    """The player can't be linked so."""

    hint = (
        "Unlink the other player first (`campaign-bridge players unlink`), or raise "
        "`players_per_user` of the campaign."
    )
    code = "link-refused"


class CodeRefused(LinkRefused):
    """The code that was typed can't be used."""

    hint = "Let the player open the link page again and type the code that it shows, soon."
    code = "code-refused"


class CapReached(OutboxError):
    """A cap of the settings is reached, and they say to refuse."""

    hint = "Send it again when the day or minute is over, or raise the cap in [[rules]]."
    code = "cap-reached"


# -- the rest -------------------------------------------------------------------------------


class CampaignError(BridgeError):
    """The Campaigns API did not answer as expected."""

    hint = "Run `campaign-bridge check` to see what it answers."
    code = "campaign"

    def __init__(
        self, message: str | None = None, *, reason: str = "unexpected_answer", hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint or None)
        #: A stable word, such as unreachable, key_refused, refused, not_found, unexpected_answer.
        self.reason = reason


class SandboxError(BridgeError):
    """The sandbox can't do this."""

    hint = "Look at what the sandbox printed; start it again with `campaign-bridge sandbox`."
    code = "sandbox"


class CommandError(BridgeError):
    """The command can't be carried out."""

    code = "command"


class DaemonNotRunning(CommandError):
    """No campaign-bridge daemon answers for this configuration."""

    hint = "Start it with `campaign-bridge run`, or name its configuration with --config."
    code = "daemon-not-running"
