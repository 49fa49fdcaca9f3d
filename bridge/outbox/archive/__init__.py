"""The outbox as a file: copied, put back, checked, salvaged, exported, kept from growing.

In: the path of an outbox. Out: other files, reports. What entries mean is the ledger's to say.
"""
