"""Lets a Lua script push, and returns what the script gives back."""


def place(r, order):
    return r.eval("redis.call('LPUSH', KEYS[1], ARGV[1]) return ARGV[1]", 1, "orders", order).decode()
