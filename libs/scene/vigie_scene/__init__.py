"""Simulated street scenes with ground truth.

    from vigie_scene.film import film
    from vigie_scene.library import library_scene

    take = film(library_scene("stopped-happens"))
    take.truth, take.detections

See docs/explanation/scene.md.
"""
