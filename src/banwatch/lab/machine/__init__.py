"""The lab's machine: namespaces, links, clocks and processes. Every system call of the lab is made here.

- A *lab* (`lab.Lab`) is one censored country that runs: a client, a censor and a world in namespaces.
- The *middlebox* carries packets between client and world and asks the censor about each.
- The *path model* gives the way its routers, delay, loss and rate.
- The *child process* is forked from the caller, watched by it, and gone when the lab is.
- The *doctor* tells what this machine allows.
"""
