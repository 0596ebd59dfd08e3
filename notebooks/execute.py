"""Executes a notebook, keeps it with its outputs, prints its last line: execute.py NAME [--to DIR] [KEY=VALUE …]

Ends with 0, with 1 if a cell failed (an assertion that does not hold is such a cell), with 2 if the words are wrong.
"""

import ast
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter
from traitlets.config import Config

HERE = Path(__file__).resolve().parent
NAMES = sorted(path.stem for path in HERE.glob("*.ipynb"))


class WrongWords(Exception):
    """The command line can't be carried out; says why, and what could."""


def parameters(notebook):
    """The parameter cell's place, and the names that it sets with their default values."""
    for place, cell in enumerate(notebook.cells):
        if "parameters" in cell.metadata.get("tags", []):
            lines = ast.parse(cell.source).body
            return place, {line.targets[0].id: ast.literal_eval(line.value) for line in lines}
    raise WrongWords("the notebook has no cell tagged parameters")


def inject(notebook, given):
    """Puts a cell behind the parameter cell that sets what was given; each value becomes what its default is."""
    place, defaults = parameters(notebook)
    lines = []
    for word in given:
        key, equals, value = word.partition("=")
        if not equals or key not in defaults:
            raise WrongWords(f"{word}: expected KEY=VALUE with a KEY of {', '.join(defaults)}")
        kind = type(defaults[key])
        try:
            lines.append(f"{key} = {kind(value)!r}")
        except ValueError:
            raise WrongWords(f"{word}: expected {key}={defaults[key]!r} or another {kind.__name__}") from None
    if lines:
        cell = nbformat.v4.new_code_cell(
            "\n".join(lines), id="injected-parameters", metadata={"tags": ["injected-parameters"]}
        )
        notebook.cells.insert(place + 1, cell)


def execute(name, directory, given):
    """Runs it in the present directory, so that a path means what it means to the caller."""
    if name not in NAMES:
        raise WrongWords(f"{name or 'no notebook'}: expected one of {', '.join(NAMES)}")
    notebook = nbformat.read(HERE / f"{name}.ipynb", as_version=4)
    inject(notebook, given)

    def say(cell, cell_index):
        if cell.cell_type == "code":
            print(f"{name}: cell {cell_index + 1} of {len(notebook.cells)}, {cell.id}", file=sys.stderr, flush=True)

    client = NotebookClient(
        notebook,
        timeout=None,
        coalesce_streams=True,  # a line and its end may come apart
        kernel_name="python3",
        on_cell_start=say,
        config=Config({"KernelManager": {"transport": "ipc"}}),  # no port that others could read
    )
    try:
        client.execute()
        failure = None
    except CellExecutionError as e:
        failure = f"{e.ename}: {e.evalue.strip().splitlines()[0] if e.evalue.strip() else 'see the page'}"
    directory.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, directory / f"{name}.ipynb")
    page, _ = HTMLExporter().from_notebook_node(notebook)
    (directory / f"{name}.html").write_text(page)
    print(f"{name}: {directory / name}.html and .ipynb", file=sys.stderr)
    if failure:
        print(f"{name}: {failure}", file=sys.stderr)
        return 1
    printed = "".join(output.text for output in notebook.cells[-1].outputs if output.output_type == "stream")
    print(printed.strip().splitlines()[-1])
    return 0


def main(words):
    directory = HERE / "target"
    try:
        if "--to" in words:
            at = words.index("--to")
            if at + 1 == len(words):
                raise WrongWords("--to: expected a directory behind it")
            directory = Path(words[at + 1])
            words = words[:at] + words[at + 2 :]
        return execute(words[0] if words else "", directory, words[1:])
    except WrongWords as e:
        print(f"notebooks/run: {e}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
