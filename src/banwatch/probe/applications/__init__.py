"""The machinery of the nettests of applications: endpoints to try, and the records that are kept."""
