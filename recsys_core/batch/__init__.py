"""Batch: the lists of many users with the reasons of every place, as Parquet, a file a partition of the users.

The partition function (`recsys_core.batch.partition`) knows no engine, and an engine (`recsys_core.batch.engines`)
nothing of what is explained: it hands partitions to workers that open the workspace once.
"""
