"""Schematics: networks, blocks and procedures as boxes and arrows."""
