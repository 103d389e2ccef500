"""A drawn world: its landmarks, their pictures, their CSV, and a server with a real server's faults."""
