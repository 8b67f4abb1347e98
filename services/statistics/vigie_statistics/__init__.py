"""Rule events and coverage in, figures out; their history and its questions."""
