"""What is counted and timed, in the text format of Prometheus."""

import prometheus_client as prometheus

PLAIN = "text/plain; version=0.0.4; charset=utf-8"  # what generate_latest writes
SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Counters of one server; a second server in the process has its own."""

    def __init__(self) -> None:
        self.registry = prometheus.CollectorRegistry()
        prometheus.ProcessCollector(registry=self.registry)
        self.faces = prometheus.Counter(
            "voice2face_faces",
            "Recordings sent, by what became of them.",
            ["outcome"],
            registry=self.registry,
        )
        self.wait_s = self._histogram("wait", "Waiting for a thread.")
        self.work_s = self._histogram("work", "Making a face of a recording, without the waiting.")
        self.waiting = self._gauge("waiting", "Recordings that wait for a thread.")
        self.at_work = self._gauge("at_work", "Faces that are being made.")
        self.held_bytes = self._gauge("held_bytes", "Recordings in memory.")
        self.connections = self._gauge("connections", "Connections, idle ones included.")

    def text(self) -> bytes:
        """All metrics, in the text format of Prometheus."""
        return prometheus.generate_latest(self.registry)

    def _histogram(self, name: str, what: str) -> prometheus.Histogram:
        full = f"voice2face_{name}_seconds"
        return prometheus.Histogram(full, what, buckets=SECONDS, registry=self.registry)

    def _gauge(self, name: str, what: str) -> prometheus.Gauge:
        return prometheus.Gauge(f"voice2face_{name}", what, registry=self.registry)
