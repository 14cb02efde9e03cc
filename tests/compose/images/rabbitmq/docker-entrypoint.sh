#!/bin/sh
# As the official image: root steps down to rabbitmq once its folders belong to it.
set -e
if [ "${1#rabbitmq}" != "$1" ] && [ "$(id -u)" = 0 ]; then
    if [ "$1" = rabbitmq-server ]; then
        find /var/lib/rabbitmq \! -user rabbitmq -exec chown rabbitmq '{}' +
    fi
    exec setpriv --reuid=rabbitmq --regid=rabbitmq --clear-groups -- "$0" "$@"
fi
exec "$@"
