"""One protocol, two engines: each runs one DuckDB-dialect query over lake folders and small Arrow tables.

Belongs here: everything that knows DuckDB or Spark as a program (sessions, memory, reading and writing folders, the
Java runtime), and the session that hands settings, policy, keys, lake and engine to the rooms. Does not belong here:
what the SQL says (sql and dbt_like_sql), nor any rule about people.
"""

from .protocol import Engine, Folder, Input, Passing, Reader, Scan, Work
from .session import Made, Session, Span, StepResult

__all__ = ["Engine", "Folder", "Input", "Made", "Passing", "Reader", "Scan", "Session", "Span", "StepResult", "Work"]
