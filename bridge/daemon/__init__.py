"""The daemon: every room opened in the order of the road, outbox first and intake last.

In: the settings' file. Out: a running bridge. The only room that knows every other; leaving it
closes them the other way round: nothing new comes in, what is in flight is waited for, the outbox
closes last.
"""

from bridge.daemon.clock import SystemClock
from bridge.daemon.rooms import Daemon, running
from bridge.daemon.serve import serve

__all__ = ["Daemon", "SystemClock", "running", "serve"]
