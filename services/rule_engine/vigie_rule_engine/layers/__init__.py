"""The judgement itself, compiled: facts of subjects, templates, episodes, and the one call a frame that joins them.

Pure functions over arrays; no text, no identity, no clock. The Python around them names what they found.
"""
