"""`robustlab study list | run | status | collect | merge`: what the papers measured, rerun and kept.

`commands` holds the verbs and imports nothing heavy; each verb's work is in the module of its name.
"""
