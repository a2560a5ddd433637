"""The verdict of an experiment, and its reasons in words."""
