"""Readers: a question and passages to the spans that may answer it."""
