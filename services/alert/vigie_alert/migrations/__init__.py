"""The alert database's migrations, applied at each start and by `python -m vigie_alert migrate`."""
