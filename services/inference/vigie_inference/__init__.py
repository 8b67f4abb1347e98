"""Frames in, detections out, by Triton."""
