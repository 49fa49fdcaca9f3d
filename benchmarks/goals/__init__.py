"""One module a goal: `async def measure(bench) -> Outcome`."""
