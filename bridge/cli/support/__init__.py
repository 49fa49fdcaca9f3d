"""`campaign-bridge support-bundle`: what somebody needs to know who is to help, and no secret."""

from bridge.cli.support.command import command

__all__ = ["command"]
