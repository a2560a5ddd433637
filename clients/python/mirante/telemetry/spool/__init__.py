"""Events on disk until they are answered, so that they outlive the process."""
