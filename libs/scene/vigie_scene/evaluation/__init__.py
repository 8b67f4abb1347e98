"""How good tracks are: MOTChallenge metrics against a truth, from files or from simulated scenes.

from vigie_scene.evaluation.mot_text import read_tracks
from vigie_scene.evaluation.score import score

score(read_tracks(truth), read_tracks(result)).hota
"""
