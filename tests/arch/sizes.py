"""Size budgets: small files and functions, and a common library that stays one. Prints what is over, exits 1."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILE_LINES = 400
FUNCTION_LINES = 60
COMMON_LINES = 4500
COMMON_FILE_LINES = 320


def sources() -> list[Path]:
    found = [*ROOT.glob("services/*/src/**/*.py"), *ROOT.glob("libs/*/src/**/*.py")]
    found += [*ROOT.glob("sandbox/src/**/*.py"), *ROOT.glob("deploy/*/src/**/*.py")]
    return sorted(found)


def long_functions(path: Path, tree: ast.Module) -> list[str]:
    over = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            lines = node.end_lineno - first.lineno + 1
            if lines > FUNCTION_LINES:
                over.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {lines} lines")
    return over


def main() -> int:
    over: list[str] = []
    common = 0
    for path in sources():
        text = path.read_text(encoding="utf-8")
        lines = text.count("\n")
        in_common = "libs/common/" in path.as_posix()
        limit = COMMON_FILE_LINES if in_common else FILE_LINES
        common += lines if in_common else 0
        if lines > limit:
            over.append(f"{path.relative_to(ROOT)} has {lines} lines, the limit is {limit}")
        over += long_functions(path, ast.parse(text))
    if common > COMMON_LINES:
        over.append(f"libs/common has {common} lines, the limit is {COMMON_LINES}")
    sys.stdout.write("\n".join(over) + "\n" if over else f"sizes are within budget (libs/common: {common} lines)\n")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
