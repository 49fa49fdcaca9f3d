"""The one call that is made for every event: its POST, over connections kept for nothing else.

In: a key and a body. Out: the answer. A general client costs more here than all the rest of a
delivery together; every other call uses one (`bridge.campaigns.transport`).
"""
