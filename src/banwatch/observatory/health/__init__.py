"""Health of an observatory: is it alive, is it ready, what does it do, in numbers for Prometheus.

*facts*: what is asked of the store, the inbox and the tasks, at most every few seconds. *requests*: counts of
answers. *metrics*: both as Prometheus reads them. *routes*: `/healthz`, `/readyz`, `/status`, `/metrics`.
"""
