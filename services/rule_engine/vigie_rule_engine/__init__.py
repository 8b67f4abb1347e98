"""Tracks in, rule events and coverage out."""
