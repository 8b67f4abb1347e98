"""`python -m vigie_frame_sampler`: the frame sampler as a process."""

from vigie_common.process import run
from vigie_frame_sampler.service import serve
from vigie_frame_sampler.settings import FrameSamplerSettings


def main() -> None:
    """Run until told to stop."""
    run("frame_sampler", FrameSamplerSettings, serve)


if __name__ == "__main__":
    main()
