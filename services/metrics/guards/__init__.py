"""Guards of rollouts: watched on the live log, judged within seconds, and told to the flag service, which acts."""
