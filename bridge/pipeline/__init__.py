"""The first half of the road: messages become entries in the outbox.

In: messages from any door. Out: outcomes, after the commit. Knows each room's contract and nothing
of sockets.
"""

from bridge.pipeline.road import LINK_CODE, Outcome, Pipeline, Road, Speaker

__all__ = ["LINK_CODE", "Outcome", "Pipeline", "Road", "Speaker"]
