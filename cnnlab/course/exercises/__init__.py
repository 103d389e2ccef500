"""Exercises: made from their solutions, checked question by question."""
