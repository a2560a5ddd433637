"""
Reads events off the wire by columns: what protobuf does for one message after another is done for all of them at once.

Everything here is pure. Whatever is not encoded as every protobuf library does it is left to the library.
"""
