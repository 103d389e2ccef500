"""Drawn faces: 200 identities, each in many pictures."""
