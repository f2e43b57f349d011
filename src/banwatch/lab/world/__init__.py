"""The uncensored part of the lab: everything that a client would reach if nobody stood in between.

*world*: the sites, resolvers and helper that exist, read from a YAML file. *site*: one hostname (and its
aliases) with its addresses, certificate and page, and its honest troubles. *zone*: what the world's names
resolve to, for whom and when. *authority*: the lab's own root of trust, worthless outside the lab.
*serving*: one process, inside the world's namespace, that answers for all of it.

A site here never censors: what it refuses, it refuses by itself, as sites do.
"""

from banwatch.lab.world.file import load_world
from banwatch.lab.world.world import Helper, Input, Resolver, Site, World

__all__ = ["Helper", "Input", "Resolver", "Site", "World", "load_world"]
