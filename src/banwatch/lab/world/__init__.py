"""World of a lab: everything that a client would reach without the censor.

*world*: the sites, resolvers and helper that exist, read from a YAML file. *site*: one hostname (and its
aliases) with its addresses, certificate and page, and its own faults. *zone*: what the world's names resolve
to, for whom and when. *authority*: the lab's own root of trust, worthless outside the lab. *host*: the
services at one address, without sockets: `machine/world_server` serves them.

A site never censors: it refuses requests by its own decision only, as sites do.
"""

from banwatch.lab.world.file import load_world
from banwatch.lab.world.world import Helper, Input, Resolver, Site, World

__all__ = ["Helper", "Input", "Resolver", "Site", "World", "load_world"]
