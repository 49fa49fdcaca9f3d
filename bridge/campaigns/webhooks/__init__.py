"""Webhooks of Oncade as they come in: who signed them, and what they say.

In: raw bodies, headers, secrets, the time. Out: whether it was signed, and a notice. Knows nothing
of sockets, of who keeps them, and of what follows from them.

`signature.verify` comes before `reading.read`, which takes anybody's word for Oncade's.
"""
