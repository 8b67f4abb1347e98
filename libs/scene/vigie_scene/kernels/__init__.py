"""The compiled parts, apart from the rest: only an edit in here compiles them anew."""
