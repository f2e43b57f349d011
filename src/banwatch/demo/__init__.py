"""The whole story on one machine: lab, probes, pipeline, comparison, pages.

*conduct* runs the stages one after the other into a folder; *workspace* is that folder while it is being
made: nothing is left of it when a stage fails; *result* is what the run says in one file for machines.
"""
