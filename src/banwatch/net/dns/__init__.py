"""DNS: messages to bytes and back (`messages`), over streams (`streams`), and the system's resolvers."""
