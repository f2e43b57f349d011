"""Shutdowns of whole networks: measurements that used to come and do not.

- The *rhythm* of a network is how often, and at which hours, it is usually measured.
- A *silence* is a stretch of hours without answers; *absence* and *testimony* are its evidence.
- A *shutdown* is a silence that neither the rhythm nor the measuring explains, or the failure of everything
  abroad.
- A *season* is the days on which a silence recurs at the same hours.
"""
