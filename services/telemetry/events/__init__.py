"""Events as the service sees them: checked, timed, and as bytes of the log. Pure."""
