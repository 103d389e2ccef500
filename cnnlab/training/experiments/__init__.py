"""Runs that are made to choose settings, or to find out why a training fails."""
