"""The public page on which players link themselves: for the open internet, so it trusts nobody."""
