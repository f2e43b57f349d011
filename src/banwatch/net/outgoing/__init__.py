"""Messages that leave this machine because its operator said where to: by Apprise, or by a POST of our own.

Each module answers with an *outcome* that tells what certainly did not arrive from what may have.
"""
