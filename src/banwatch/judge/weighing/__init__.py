"""From the observations of one measurement to one row of evidence.

- A *hop* is the part of a measurement about one URL: the input, or where a redirect led.
- *Names* are the answers to look-ups, compared with the control's and with reference data.
- *Connections* are the connects and handshakes of a hop, compared with the control's.
- *Pages* are HTTP responses, compared with the control's page.
- A *follow-up* is a step that the probe adds after a failure, to tell its causes apart.

`weigh.weigh` puts them together. Nothing here names a state or a mechanism.
"""
