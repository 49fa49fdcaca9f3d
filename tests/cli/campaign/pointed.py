"""A host and the program that is pointed at it by options alone.

In: arguments. Out: what the command did. Knows nothing of the configuration.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.campaigns.host import CAMPAIGN, Host
from tests.cli.conftest import Cli
from tests.cli.play import Ran

API_KEY = "sandbox_0123456789abcdef"
INVITES = f"/campaign/{CAMPAIGN}/link-invites"


@dataclass(frozen=True)
class Pointed:
    """Runs `campaign …` against the host, with a key file and without any configuration."""

    host: Host
    run: Cli
    key_file: Path

    def options(self, campaign: str = CAMPAIGN) -> list[str]:
        return [
            f"--campaign={campaign}",
            f"--base-url={self.host.url}",
            f"--api-key-file={self.key_file}",
        ]

    def __call__(self, *arguments: str) -> Ran:
        words = list(arguments)
        after = 2 if words[0] == "invites" else 1
        return self.run("campaign", *words[:after], *self.options(), *words[after:])
