"""Every published figure in a database, and what is unusual about it as notices."""
