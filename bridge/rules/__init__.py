"""What a game event is worth: rules turn it into a campaign event with its key.

In: game events with canonical players. Out: campaign events. Knows nothing of files or SQL.
"""
