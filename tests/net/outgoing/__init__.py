"""Messages that leave: what is said of their arrival."""
