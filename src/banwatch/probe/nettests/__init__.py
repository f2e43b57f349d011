"""Nettests, one file each; `registry` finds them."""
