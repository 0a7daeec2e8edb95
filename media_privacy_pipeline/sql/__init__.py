"""Reads dbt_like_sql: contracts, and models of one SELECT each; binds parameters, inlines views, writes Spark text.

Belongs here: everything that can be known of a transformation from its text and the contracts alone (inputs, columns,
types, lineage, the privacy proof, the house rules). Does not belong here: running SQL (engines), or where files are.
"""

from .contracts import Access, Column, Contract, PrivacyClass, ProtectedBy
from .lineage import ColumnRef, Lineage
from .project import Model, Project, load_project
from .spark_text import to_spark

__all__ = [
    "Access",
    "Column",
    "ColumnRef",
    "Contract",
    "Lineage",
    "Model",
    "PrivacyClass",
    "Project",
    "ProtectedBy",
    "load_project",
    "to_spark",
]
