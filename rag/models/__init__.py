"""The shipped reader and its calibration; no code."""
