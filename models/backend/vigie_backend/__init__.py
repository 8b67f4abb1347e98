"""The detectors that run inside Triton: image in, boxes out.

Triton's Python backend has an environment of its own (numpy below 2, OpenCV 4, onnxruntime), so nothing here
imports the product. `vigie_inference.repository` copies this folder beside each model, with its description.
"""
