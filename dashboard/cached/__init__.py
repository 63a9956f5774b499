"""What the pages show, worked out once and kept, a module a topic.

All caches are bounded; their keys are ids, fingerprints and variants. What comes out is shared by every session and
never changed. ``ref`` is a ``WorkspaceRef``: the folder of a workspace and its fingerprint, so a workspace that was
trained again is opened again.
"""
