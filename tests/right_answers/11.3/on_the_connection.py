"""Takes a connection first: what fails until then has not left. Then it sends the push and reads the answer itself."""


import redis


def enqueue_truthfully(r, raw):
    try:
        connection = r.connection_pool.get_connection()
    except redis.RedisError:
        return "refused"
    try:
        connection.send_command("LPUSH", "jobs", raw)
        connection.read_response()
    except redis.ResponseError:
        return "refused"
    except redis.RedisError:
        connection.disconnect()
        return "unknown"
    finally:
        r.connection_pool.release(connection)
    return "accepted"
