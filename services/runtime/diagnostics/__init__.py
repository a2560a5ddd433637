"""What a process says of itself, to `mirante doctor` and whoever else looks after the installation."""
