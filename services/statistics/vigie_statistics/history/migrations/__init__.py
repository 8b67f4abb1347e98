"""The statistics database's migrations, applied at each start and by `python -m vigie_statistics migrate`."""
