"""Servers of a world: one asyncio process inside the world's namespace that answers for every address."""
