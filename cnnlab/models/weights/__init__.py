"""Weights: published checkpoints, the networks that come with the course, save and load."""
