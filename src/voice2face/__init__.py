"""From a recording of a voice, a face that shares what the voice tells about its speaker."""

__version__ = "0.1.0.dev0"
