"""Machine of the lab: namespaces, links, clock and processes. Every system call of the lab is made here.

- A *lab* (`lab.Lab`) is one censored country that runs: a client, a censor and a world in namespaces.
- The *traffic* between client and world crosses links, a path model, and a middlebox that asks the censor.
- The *processes* are the censor, programs in the client's namespaces, and the workers of a play.
- The *world server* answers for every address of a world.
- The *doctor* reports what this machine allows.
"""
