"""The talk's points and the systems it names, and the lab that owns each point.

The owning lab holds the cell that makes the point happen; a test compares this table with the cells' tags for
the labs that exist.
"""

_POINTS = {
    "Background jobs": """
        job-later 11, async-communication 11, backend-encapsulates 11, response-times 11,
        workload-distribution 12, spikeability 12, parallelization 12, retries 13, prioritization 14,
        no-exactly-once 15, at-least-or-at-most 15, idempotent-jobs 16, out-of-order-jobs 17,
        queue-sequentially 17, first-job-queues-follow-up 17, resque-prevents-shutdown 18,
        resque-blocks-deployment 18, not-cloud-friendly 18, sidekiq-aborts-and-requeues 18,
        sidekiq-may-never-finish 18, split-collection-and-task 19, checkpoint-and-requeue 19,
        resume-automatically 19, shutdown-anytime 19, disaster-prevention 19, data-integrity 19,
        abstraction-keeps-jobs-simple 19, complex-overall-system 19, jobs-are-objects 21,
        broker-in-both-processes 21, fits-monolith 21""",
    "Messaging": """
        data-based-interface 21, interoperability 21, command-messages 21, event-messages 22,
        decoupling 22, propagating-updates 22, webhook-disadvantages 22, resiliency 22,
        topic-with-queues 22, anonymity 22, fits-distributed 22, abstracts-pub-sub 22,
        mom-abstracts-future-and-parallel 22, advanced-routing 23, mom-no-exactly-once 24,
        mom-at-least-or-at-most 24, idempotent-consumer 24, kept-if-not-consumed 26, growing-queue 26,
        remove-queue 26, removed-after-processing 26, no-replayability 26, no-source-of-truth 26,
        mom-complex-overall-system 26, mom-out-of-order 27, mom-queue-sequentially 27,
        first-consumer-queues-second 27, state-transfer-payload 27, state-transfer-avoids-requests 27,
        state-transfer-needs-order 27, notification-id-only 27, notification-requests-data 27,
        notification-misses-states 27, notification-commutes 27, avoid-n-to-m 28,
        one-to-n-and-n-to-one 28, represents-domain 28, mom-protocols 29, mom-implementations 29""",
    "Event log": """
        append-only 31, shared-log 31, stateless-broker 31, consumers-easy-to-remove 31,
        stateful-consumers 33, replayability 34, source-of-truth 35, event-sourcing 35,
        high-throughput 37, real-time 37""",
    "Summary": """
        choose-queues 41, choose-topics-and-queues 41, choose-log 41, stateless-consumers 41,
        scaling-differs 41""",
}

TALK = {
    part: dict(entry.split() for entry in points.replace("\n", " ").split(","))
    for part, points in _POINTS.items()
}
"""Part of the talk → point → number of the lab that owns it."""

OWNER = {point: number for points in TALK.values() for point, number in points.items()}
"""Point → number of the lab that owns it."""

SYSTEMS = (
    "resque sidekiq job-iteration rabbitmq activemq amqp mqtt stomp kafka".split()  # the talk's
    + "redis rq celery dramatiq huey".split()  # beyond it
)
"""What a `system:` tag may name. The tagged cell runs the system, or the semantics of it."""

PLAIN_TAGS = ("teaches", "measured", "figure", "raises-exception")
"""The tags besides `talk:` and `system:`."""
