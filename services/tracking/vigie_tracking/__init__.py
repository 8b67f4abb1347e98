"""Detections in, tracks out.

In: `service` reads vigie.detections. Core: `core.TrackingCore.process`, round the compiled `step.step`. Out: `core`
makes vigie.tracks. State: `layout` names its fields, `fleet` holds it, `snapshot` writes it down.
"""
