"""Every setting, declared once: file, variables, `check` and the docs are made of it.

In: a TOML file and `CAMPAIGN_BRIDGE_…` variables. Out: frozen models. Knows nothing of the rooms;
each is given its own section, never the whole.
"""
