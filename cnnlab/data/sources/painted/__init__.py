"""Style pictures, one a file: each has a function ``paint`` that draws it anew from its seed."""
