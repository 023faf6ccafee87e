"""From results to a page, tables and figures; nothing here measures anything or loads a model."""

from voice2face.report.write import write_report

__all__ = ["write_report"]
