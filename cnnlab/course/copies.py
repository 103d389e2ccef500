"""Where `install` was in version 0.1, whose README names it; it is in `cnnlab.course.desk.copies`."""

from cnnlab.course.desk.copies import install

__all__ = ["install"]
