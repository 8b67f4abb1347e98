"""The vigie command."""
