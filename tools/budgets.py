#!/usr/bin/env python3
"""Checks the length budgets of the style guide on the library and the program, and prints the worst offenders.

Aims: a file of at most 400 lines, a function of at most 40. What passes the hard limits (500 and 80) fails.
"""
import re
import subprocess
import sys

FILE_AIM, FILE_LIMIT = 400, 500
FUNCTION_AIM, FUNCTION_LIMIT = 40, 80
FOLDERS = ("omma/", "apps/", "examples/", "bench/")
NOT_A_FUNCTION = re.compile(r"^\s*(?:\}|namespace|class|struct|enum|union|extern|else|do\b|using|typedef|constexpr|static const|const )")


def functions(lines):
    """Yields (name, first line, length) of bodies that open at namespace or class scope; told by clang-format's indentation."""
    stack = []
    for number, line in enumerate(lines, 1):
        code = re.sub(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])\'|//.*', "", line)
        for char in code:
            if char == "{":
                indent = len(line) - len(line.lstrip())
                stack.append((line, number, indent))
            elif char == "}" and stack:
                opener, first, indent = stack.pop()
                inside_function = any(is_function(item[0]) for item in stack)
                if is_function(opener) and not inside_function:
                    yield opener.strip()[:70], first, number - first + 1


def is_function(opener):
    return ("(" in opener or ")" in opener) and not NOT_A_FUNCTION.match(opener)


def main():
    names = subprocess.run(["git", "ls-files", "*.h", "*.cpp", "*.cu"], capture_output=True, text=True, check=True).stdout.split()
    long_files, long_functions = [], []
    for name in names:
        if not name.startswith(FOLDERS):
            continue
        with open(name, encoding="utf-8") as file:
            lines = file.read().splitlines()
        if len(lines) > FILE_AIM:
            long_files.append((len(lines), name))
        long_functions += [(length, f"{name}:{first}: {title}") for title, first, length in functions(lines) if length > FUNCTION_AIM]
    print(f"length budgets: {len(long_files)} files over {FILE_AIM} lines, {len(long_functions)} functions over {FUNCTION_AIM}")
    for length, what in sorted(long_files, reverse=True)[:5] + sorted(long_functions, reverse=True)[:10]:
        print(f"  {length:4d}  {what}")
    over = [what for length, what in long_files if length > FILE_LIMIT] + [what for length, what in long_functions if length > FUNCTION_LIMIT]
    if over:
        sys.exit("over the hard limits: " + "; ".join(over))


if __name__ == "__main__":
    main()
