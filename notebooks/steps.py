"""The steps of a plan as the notebooks need them, and the plain SQL that says what is right.

The SQL is written from the step's tables alone. It shares nothing with the job, so that the two can disagree.
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Pairs:
    """A step of pairs: the same keys as in the plan; each `from` is a table, or a query in parentheses."""

    name: str
    into: dict
    direct: list = field(default_factory=list)
    through: list = field(default_factory=list)
    members: list = field(default_factory=list)
    names: dict = field(default_factory=dict)  # object, user, group -> a query of keys and their names

    def justified(self):
        """Every pair that a source gives, once."""
        parts = [
            f'SELECT {d["object"]} AS object, {d["user"]} AS "user" FROM {d["from"]} d'
            f' WHERE {d["object"]} IS NOT NULL AND {d["user"]} IS NOT NULL'
            for d in self.direct
        ]
        parts += [
            f'SELECT g.{g["object"]}, m.{m["user"]} FROM {g["from"]} g'
            f' JOIN {m["from"]} m ON m.{m["group"]} = g.{g["group"]}'
            f' WHERE g.{g["object"]} IS NOT NULL AND m.{m["user"]} IS NOT NULL'
            for g in self.through
            for m in self.members
        ]
        return each_once(parts)

    def present(self, *columns):
        """Every pair that the target has, and other columns of its row."""
        pair = f'{self.into["object"]} AS object', f'{self.into["user"]} AS "user"'
        return f"SELECT {', '.join([*pair, *columns])} FROM {self.into['table']}"

    def through_groups(self):
        """The same pair once for each group that gives it."""
        return each_once(
            [
                f'SELECT g.{g["object"]} AS object, m.{m["user"]} AS "user", g.{g["group"]} AS "group"'
                f' FROM {g["from"]} g JOIN {m["from"]} m ON m.{m["group"]} = g.{g["group"]}'
                for g in self.through
                for m in self.members
            ]
        )


@dataclass(frozen=True)
class Rows:
    """A step of rows: two queries with the same columns, the rows that must be there and those that are."""

    name: str
    key: str
    expected: str
    present: str


@dataclass(frozen=True)
class Steps:
    """What the notebooks know of a plan."""

    plan: str
    pairs: tuple
    rows: tuple

    @classmethod
    def read(cls, name):
        """From a file that ships beside this one, by its name, or from any other by its path."""
        path = Path(name) if name.endswith(".toml") else Path(__file__).with_name(f"{name}.toml")
        with path.open("rb") as file:
            text = tomllib.load(file)
        return cls(
            text["plan"],
            tuple(Pairs(**step) for step in text.get("pairs", [])),
            tuple(Rows(**step) for step in text.get("rows", [])),
        )


def each_once(parts):
    """All rows of some queries, each once."""
    return "\nUNION ".join(parts) if len(parts) > 1 else f"SELECT DISTINCT * FROM ({parts[0]}) p"


def differ(what, left, right, shown=5):
    """The assertion's message: both directions, with examples."""
    only_left, only_right = sorted(left - right), sorted(right - left)
    return (
        f"{what}: {len(only_left):,} only in the first, as in {only_left[:shown]};"
        f" {len(only_right):,} only in the second, as in {only_right[:shown]}"
    )
