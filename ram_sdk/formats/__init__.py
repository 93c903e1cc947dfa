"""One module a file format, behind `Motion.save` and `Motion.load`."""
