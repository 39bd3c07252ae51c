"""Asks an archive questions whose answers are known, and says how good it is."""
