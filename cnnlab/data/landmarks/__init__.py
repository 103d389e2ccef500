"""Landmarks: from a CSV of 1.2 million rows to a data set."""
