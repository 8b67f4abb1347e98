"""Rule events in, alerts with evidence out."""
