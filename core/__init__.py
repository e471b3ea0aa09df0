"""The shared vocabulary of the product: wire models, ids, errors, settings, security, stream names.

Everything here may be imported by every other package; nothing here imports another package of ours.
"""
