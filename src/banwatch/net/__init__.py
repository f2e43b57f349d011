"""The only sockets of the house, most of them behind one small seam.

*net*: operations on a network: resolve a name, open a UDP or TCP conversation, start TLS on one.
*stream*: a byte stream that is read and written, plain or TLS. *datagrams*: a UDP conversation with one
address. *NetworkFailure*: the failure of an operation, as one of OONI's df-007 strings; nothing else comes
out of a net. *trace*: the reads, writes and connects of a stream, each with its time.

There is a real net (`real`), one that notes events (`traced`) and one without any network (`memory`).
The protocols spoken over streams and datagrams (`tls`, `dns`, `http`) know none of the three.

Two modules have no part in the seam: `fetch` (one document of the Web) and `local_socket` (a stream between
two processes of this machine). Stores, signals and buckets use them.
"""
