"""Demo: lab, probes, pipeline, comparison and pages on one machine.

*conduct* runs the stages one after the other into a folder; *workspace* is that folder while the stages fill
it, and is removed when one fails; *result* is the run's result in one file for machines.
"""
