"""Brokers that single labs use, as native processes: a Kafka of three brokers, and ActiveMQ."""

import os
from concurrent.futures import ThreadPoolExecutor

from workbook.brokers import install, state
from workbook.brokers.native import HOST, SETTINGS, NativeInstance, NativeKafka

NODES = ("1", "2", "3")


class NativeKafkaNode(NativeKafka):
    """One of three: a process that can be killed and started by itself; its role is its number."""

    heap = ("-Xms192m", "-Xmx384m")

    @property
    def called(self):
        return f"broker {self.role} of the three Kafka brokers"

    @property
    def node_id(self):
        """Its number within the cluster."""
        return int(self.role)

    def new_address(self):
        return {"host": HOST, "port": self.ports()["port"]}

    def new_cluster(self):
        # All three must name the same; wiped one by one, a node comes back into the cluster that it left.
        return "d29ya2Jvb2sta2Fma2EtMw"

    def properties(self, settings):
        chosen = self.ports()
        voters = ",".join(
            f"{role}@{HOST}:{instance('kafka-cluster', role).ports()['controller']}" for role in NODES
        )
        return (
            "\n".join(
                [
                    (SETTINGS / "kafka.properties").read_text(),
                    # A later line replaces an earlier one: what one broker must set to 1 is 3 here, and a
                    # majority decides.
                    f"node.id={self.role}",
                    "listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
                    f"listeners=CLIENT://{HOST}:{chosen['port']},CONTROLLER://{HOST}:{chosen['controller']}",
                    f"advertised.listeners=CLIENT://{HOST}:{chosen['port']}",
                    f"controller.quorum.voters={voters}",
                    "log.dirs=data",
                    "default.replication.factor=3",
                    "min.insync.replicas=2",
                    "offsets.topic.replication.factor=3",
                    "transaction.state.log.replication.factor=3",
                    "transaction.state.log.min.isr=2",
                    "share.coordinator.state.topic.replication.factor=3",
                    "share.coordinator.state.topic.min.isr=2",
                    "replica.lag.time.max.ms=1500",
                    *(f"{key}={value}" for key, value in settings.items()),
                ]
            )
            + "\n"
        )


class NativeKafkaCluster(NativeInstance):
    """All three at once; `nodes` are the single ones, to be killed or frozen by themselves."""

    @property
    def nodes(self):
        """{number: Instance} of the three."""
        return {int(role): NativeKafkaNode("kafka-cluster", role) for role in NODES}

    def new_address(self):
        servers = [f"{HOST}:{node.ports()['port']}" for node in self.nodes.values()]
        return {
            "host": HOST,
            "port": self.nodes[1].ports()["port"],
            "servers": servers,
            "brokers": len(NODES),
        }

    def running(self):
        return all(node.running() for node in self.nodes.values())

    def start(self, settings=None):
        with state.changing() as record:
            record.setdefault("addresses", {}).setdefault(self.role, {})[self.name] = self.new_address()
        self._each(lambda node: node.start(settings))

    def _each(self, do):
        with ThreadPoolExecutor(len(NODES)) as pool:
            list(pool.map(do, self.nodes.values()))

    def stop(self):
        self._each(lambda node: node.stop())

    def kill(self):
        self._each(lambda node: node.kill())

    def pause(self):
        self._each(lambda node: node.pause())

    def resume(self):
        self._each(lambda node: node.resume())

    def wipe(self):
        self._each(lambda node: node.wipe())

    def log_tail(self, lines=15):
        return "\n".join(f"[{number}] {node.log_tail(lines // 3)}" for number, node in self.nodes.items())

    def version(self):
        return install.kafka_version()


class NativeActiveMQ(NativeInstance):
    """ActiveMQ Classic with STOMP (`port`), MQTT and OpenWire."""

    def new_address(self):
        return {"host": HOST, **self.ports()}

    def _launch(self, settings):
        self.data.mkdir(exist_ok=True)
        text = (SETTINGS / "activemq.xml").read_text()
        for key, value in self.address.items():
            text = text.replace(f"{{{key}}}", str(value))
        self._write("activemq.xml", text)
        environment = {
            **os.environ,
            "LC_ALL": "C.UTF-8",
            "CLASSPATH": os.pathsep.join(install.activemq_jars()),
        }
        # Paths are relative to its folder, whose own path may have no spelling in a file: address.
        self.process.spawn(
            [
                install.program("java"),
                "-Xms64m",
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dactivemq.home=.",
                "-Dactivemq.base=.",
                "-Dactivemq.conf=.",
                "-Dactivemq.data=data",
                "org.apache.activemq.console.Main",
                "start",
                "xbean:file:activemq.xml",
            ],
            self.log,
            environment,
            cwd=self.home,
        )

    def version(self):
        from workbook.brokers import probes

        return probes.activemq_version(self.address)


def instance(name, role="shared"):
    """The native Instance of one of these; of the cluster, role "1", "2" or "3" is one broker."""
    if name == "kafka-cluster":
        return NativeKafkaCluster(name, role) if role == "shared" else NativeKafkaNode(name, role)
    return NativeActiveMQ(name, role)
