"""The sections of the configuration, each setting with its kind, its default and its meaning.

In: what the file and the variables say. Out: frozen models, closed to unknown names.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import ByteSize, Field, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bridge.settings.kinds import Address, BaseUrl, Duration, Keep, SqliteUrl
from bridge.settings.rules import RuleSettings
from bridge.settings.section import Section
from bridge.settings.sources import SourceSettings

ENV_PREFIX = "CAMPAIGN_BRIDGE_"


def _without_empty_listen(data: Any) -> Any:
    if isinstance(data, dict) and data.get("listen") == "":
        return {**data, "listen": None}
    return data


class HttpSettings(Section):
    """Where game servers and operators call over HTTP."""

    listen: Address | None = Field(
        "127.0.0.1:8797", description='Address and port; "" turns HTTP over TCP off.'
    )
    unix: Path | None = Field(None, description="A unix socket to listen on as well.")
    token_file: Path | None = Field(
        None, description="File with a token of role game; short for one [[tokens]] entry."
    )
    allowed_hosts: tuple[str, ...] = Field(
        (), description="Further values of the Host header that are answered."
    )
    allowed_groups: tuple[str, ...] = Field(
        (), description="Groups whose members may post over a unix socket without a token."
    )
    unsafe_no_token: bool = Field(
        False, description="Take calls without a token. Any local user can then pay out money."
    )

    @model_validator(mode="before")
    @classmethod
    def _empty_listen_is_none(cls, data: Any) -> Any:
        return _without_empty_listen(data)


class TokenSettings(Section):
    """One token and what its bearer may do."""

    role: Literal["game", "read", "operator"] = Field(
        description="game posts, read sees everything, operator also decides."
    )
    file: Path = Field(description="File that holds the token, and nothing else.")
    sources: tuple[str, ...] = Field(
        (), description="Sources that it is good for, and for nothing else; without it, all."
    )

    @model_validator(mode="after")
    def _bound_to_post(self) -> "TokenSettings":
        if self.sources and self.role != "game":
            raise ValueError("a token with `sources` only posts: its role is game")
        return self


class UdpSettings(Section):
    """Where game servers send datagrams."""

    listen: Address | None = Field(
        "127.0.0.1:8797", description='Address and port; "" turns UDP off.'
    )
    receive_buffer: ByteSize = Field(
        ByteSize(4 * 1024 * 1024), description="Size of the kernel's receive buffer."
    )

    @model_validator(mode="before")
    @classmethod
    def _empty_listen_is_none(cls, data: Any) -> Any:
        return _without_empty_listen(data)


class OutboxSettings(Section):
    """Where entries are kept."""

    url: SqliteUrl | None = Field(
        None,
        description='The outbox, "sqlite:///" and a path; default: outbox.db in the state dir.',
    )
    reserve: ByteSize = Field(
        ByteSize(8 * 1024 * 1024),
        description="Disk kept back so that payouts can still be recorded on a full disk.",
    )
    keep_bodies: Keep = Field(
        timedelta(days=90),
        description="How long the bytes and messages of settled entries are kept, or forever. "
        "Keys are.",
    )
    keep_attempts: Keep = Field(
        timedelta(days=90),
        description="How long the attempts of settled entries are kept, or forever.",
    )
    keep_inbox: Keep = Field(
        timedelta(days=90), description="How long the bodies of webhooks are kept, or forever."
    )
    keep_journal: Keep = Field(
        timedelta(days=730),
        description="How long the journal of decisions and links is kept, or forever.",
    )
    keep_changes: Keep = Field(
        timedelta(days=30),
        description="How long changes are kept for streams that come back, or forever.",
    )


class AdapterSettings(Section):
    """Which plugins are loaded."""

    plugins_dir: Path | None = Field(
        None, description="Folder of drop-in adapters; default: plugins/ beside the config file."
    )
    required: tuple[str, ...] = Field(
        (), description="Adapters without which the daemon refuses to start."
    )


class DeliverySettings(Section):
    """How entries are carried to the Campaigns API."""

    key_horizon: Duration = Field(
        timedelta(hours=20),
        description="How long the API is trusted to remember an Idempotency-Key.",
    )
    concurrency: int = Field(16, ge=1, le=256, description="Most calls in flight per campaign.")
    attempt_timeout: Duration = Field(
        timedelta(seconds=10), description="Longest time one call may take."
    )
    connect_timeout: Duration = Field(
        timedelta(seconds=5), description="Longest time to connect, TLS included."
    )
    retry_base: Duration = Field(
        timedelta(seconds=1), description="First retry's longest wait; it doubles from there."
    )
    retry_cap: Duration = Field(timedelta(minutes=5), description="Longest wait between retries.")
    retry_after_cap: Duration = Field(
        timedelta(hours=1), description="Longest Retry-After of the API that is believed."
    )
    refused_again: tuple[Duration, ...] = Field(
        (timedelta(minutes=10), timedelta(hours=1), timedelta(days=1)),
        min_length=1,
        description="When a refused entry is tried again; the last one repeats.",
    )
    probe_every: Duration = Field(
        timedelta(seconds=30), description="How often a paused campaign is looked at."
    )
    breaker_open: Duration = Field(
        timedelta(seconds=30), description="First rest after repeated failures; it doubles."
    )
    shutdown: Duration = Field(
        timedelta(seconds=20), description="Time given to calls in flight when stopping."
    )


class ConfirmSettings(Section):
    """How it is found out that an accepted event was paid."""

    looks: tuple[Duration, ...] = Field(
        (
            timedelta(seconds=3),
            timedelta(seconds=10),
            timedelta(seconds=30),
            timedelta(minutes=2),
            timedelta(minutes=10),
            timedelta(hours=1),
        ),
        min_length=1,
        description="When a payout is looked for in the user's history; the last one repeats.",
    )
    payout_lag: Duration = Field(
        timedelta(hours=1),
        description="How long a payout may take; what is accepted for longer is overdue.",
    )
    absent_after: Duration = Field(
        timedelta(days=1),
        description="An unproven payout that the history doesn't show after so long was not made.",
    )
    balance_every: Duration = Field(
        timedelta(minutes=5), description="How often the paid-out total is compared."
    )


class LinkingSettings(Section):
    """How players come to be linked, and how long what waits for it is kept."""

    session_lives: Duration = Field(
        timedelta(hours=1), description="How long a link session is waited for."
    )
    concurrency: int = Field(4, ge=1, le=64, description="Most sessions looked at at once.")
    held_expires: Duration | None = Field(
        None, description="Discard what waits for a link for longer; without it nothing expires."
    )


class LinkPageSettings(Section):
    """The public page on which players link themselves, and codes prove who they are."""

    listen: Address | None = Field(
        None, description="Address and port of the page; without it there is none."
    )
    public_url: BaseUrl | None = Field(
        None, description="Under which URL players reach it, through your HTTPS proxy."
    )
    campaign: str | None = Field(
        None, description="Id of the campaign; may be left out where only one is configured."
    )
    code_lives: Duration = Field(
        timedelta(minutes=10), description="How long a code can be typed in."
    )
    per_minute: int = Field(10, ge=1, description="Most tries of one address in a minute.")
    behind_proxy: bool = Field(
        False, description="Count addresses by X-Forwarded-For, which your proxy must set."
    )

    @model_validator(mode="before")
    @classmethod
    def _empty_listen_is_none(cls, data: Any) -> Any:
        return _without_empty_listen(data)


class WebhookSettings(Section):
    """Where the API's webhooks come in, besides [http]: `POST /webhooks/oncade`."""

    listen: Address | None = Field(
        None, description="An address and port for webhooks alone; without it only [http]."
    )
    oldest: Duration = Field(
        timedelta(days=2), description="Webhooks that say they are older than this are refused."
    )

    @model_validator(mode="before")
    @classmethod
    def _empty_listen_is_none(cls, data: Any) -> Any:
        return _without_empty_listen(data)


class BrakeSettings(Section):
    """What keeps a flood, or a mistake, from being paid."""

    source_minute: int | None = Field(
        None, ge=1, description="Most entries that one source may make in a minute."
    )
    over_cap: Literal["hold", "refuse"] = Field(
        "hold",
        description="What becomes of more: held for `outbox release`, or refused with 429.",
    )


class CampaignSettings(Section):
    """One campaign: its lane, its key, its host."""

    id: str = Field(
        min_length=1, max_length=200, pattern=r"^[!-~]+$", description="The campaign's id."
    )
    environment: Literal["test", "live"] = Field(
        description="Must be what the API says of the campaign, else nothing is sent."
    )
    api_key_file: Path = Field(description="File that holds the campaign's API key.")
    base_url: BaseUrl = Field("https://oncade.gg/api", description="Base of the Campaigns API.")
    webhook_secret_files: tuple[Path, ...] = Field(
        (),
        description="Files with the secrets of the campaign's webhooks: two while one is rotated.",
    )
    shadow: bool = Field(
        False, description="Everything runs and nothing is sent: `status` shows what it would cost."
    )
    history: bool = Field(
        True, description="Look for payouts in the users' history; without it webhooks must do."
    )
    players_per_user: int = Field(
        1, ge=0, description="Players of one namespace that a userRef may have; 0: any number."
    )


class Settings(BaseSettings):
    """The whole configuration.

    `CAMPAIGN_BRIDGE_DELIVERY__CONCURRENCY=4` stands above `[delivery] concurrency` of the file.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        defer_build=True,
    )

    http: HttpSettings = Field(HttpSettings(), description="HTTP.")
    tokens: tuple[TokenSettings, ...] = Field((), description="Tokens and their roles.")
    udp: UdpSettings = Field(UdpSettings(), description="UDP.")
    outbox: OutboxSettings = Field(OutboxSettings(), description="Outbox.")
    adapters: AdapterSettings = Field(AdapterSettings(), description="Adapters.")
    delivery: DeliverySettings = Field(DeliverySettings(), description="Delivery.")
    confirm: ConfirmSettings = Field(ConfirmSettings(), description="Confirming.")
    linking: LinkingSettings = Field(LinkingSettings(), description="Linking.")
    link_page: LinkPageSettings = Field(LinkPageSettings(), description="The link page.")
    webhooks: WebhookSettings = Field(WebhookSettings(), description="Webhooks.")
    brakes: BrakeSettings = Field(BrakeSettings(), description="Brakes.")
    campaigns: tuple[CampaignSettings, ...] = Field((), description="Campaigns.")
    rules: tuple[RuleSettings, ...] = Field((), description="Rules.")
    sources: tuple[SourceSettings, ...] = Field((), description="Sources.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read variables first, then the file; neither dotenv nor secret folders."""
        return env_settings, init_settings

    @model_validator(mode="after")
    def _campaigns_fit(self) -> "Settings":
        known = [campaign.id for campaign in self.campaigns]
        if len(set(known)) != len(known):
            raise ValueError("[[campaigns]]: two campaigns have the same id")
        if len(known) > 1 and not self.rules:
            raise ValueError("with several campaigns, [[rules]] must say which event goes where")
        for number, rule in enumerate(self.rules, 1):
            if rule.campaign is None and len(known) != 1:
                raise ValueError(f"[[rules]] {number}: `campaign` is missing")
            if rule.campaign is not None and rule.campaign not in known:
                raise ValueError(f"[[rules]] {number}: no [[campaigns]] has id {rule.campaign!r}")
        return self

    @model_validator(mode="after")
    def _sources_fit(self) -> "Settings":
        names = [source.name for source in self.sources]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"[[sources]]: two are called {name!r}")
        files = [source.file for source in self.sources if source.file is not None]
        for path in files:
            if files.count(path) > 1:
                raise ValueError(f"[[sources]]: two read {path}, so each line would pay twice")
        for token in self.tokens:
            for name in token.sources:
                if name not in names:
                    raise ValueError(f"[[tokens]]: no [[sources]] is called {name!r}")
        return self

    @model_validator(mode="after")
    def _link_page_fits(self) -> "Settings":
        page, known = self.link_page, [campaign.id for campaign in self.campaigns]
        if page.listen is None:
            return self
        if page.public_url is None:
            raise ValueError("[link_page]: `public_url` is missing: players must find the page")
        if page.campaign is None and len(known) != 1:
            raise ValueError("[link_page]: `campaign` is missing")
        if page.campaign is not None and page.campaign not in known:
            raise ValueError(f"[link_page]: no [[campaigns]] has id {page.campaign!r}")
        return self
