"""What every service shares: settings, logging, codec, topics, stream runtime, checkpoints, dead letters."""
