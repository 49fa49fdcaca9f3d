"""Linking: how a player of the game comes to be a user of the campaign."""
