"""Encodes by hand and speaks the command instead of the method."""

place = lambda r, order: r.execute_command("LPUSH", "orders", order.encode()) and order  # noqa: E731
