"""Cameras in, sampled and masked JPEG frames out."""
