"""Telling another system that a job has ended: to whom, signed how, sent how often."""
