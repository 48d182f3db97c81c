"""Each rule of scripts/lint-rules finds its breach, and leaves alone what only looks like one."""

import pathlib
import subprocess

import pytest

LINT_RULES = pathlib.Path(__file__).parents[2] / "scripts" / "lint-rules"

HEADER = "/* A thing. */\nvoid thing_put(int a);\n"


def lint(root, files):
    (root / "src" / "base").mkdir(parents=True)
    (root / "src" / "base" / "thing.h").write_text(HEADER)
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    ran = subprocess.run([LINT_RULES, root], capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    return ran


BREACHES = {
    "no goto": ("src/base/x.c", "int f(void) {\n    goto out;\n}\n", 2),
    "no sql in c": ("src/db/x.c", "const char *q =\n    \"SELECT \"\n    \"a FROM b\";\n", 2),
    "no upward include": ("src/base/x.c", "#include \"../db/db.h\"\n", 1),
    "no unsafe function": ("cli/x.c", "\nvoid f(char *a) { strcpy (a, \"b\"); }\n", 2),
    "no long file": ("sim/x.c", "\n" * 601, 601),
    "header opens with a comment": ("src/base/x.h", "#ifndef X\n", 1),
    "prefix is the file": ("src/base/x.h", "/* X. */\nint x_ok(void);\nint *other(int a);\n", 3),
    "no open end": ("docs/x.md", "fine\nTO" "DO later\n", 2),
    "no machine path": ("scripts/x.txt", "see /wo" "rk/main/x\n", 1),
    "query says what it is": ("queries/x.sql", "SELECT 1;\n", 1),
    "script stops at the first error": ("scripts/x", "#!/bin/sh\necho hello\n", 1),
}


@pytest.mark.parametrize("rule", BREACHES)
def test_a_breach_is_found_where_it_is(tmp_path, rule):
    path, text, line = BREACHES[rule]
    ran = lint(tmp_path, {path: text})
    assert ran.returncode == 1
    found = [said for said in ran.stdout.splitlines() if said.startswith("%s:%d: " % (path, line))]
    assert len(found) == 1
    broken = [said for said in ran.stdout.splitlines() if said.startswith("FAIL ")]
    assert broken == ["FAIL " + rule]


LOOK_ALIKES = {
    "src/base/a.c": "/* goto, strcpy(a, b) */ // goto\nconst char *t = \"goto strcpy(\";\n",
    "src/base/b.c": "int snprintf_all(void);\nint my_strcpy(int a);\n",
    "src/base/c.c": "const char *t = \"BEGIN IMMEDIATE\";\nconst char *u = \"SELECTED a\";\n",
    "src/base/d.h": "/* D. */\ntypedef struct D {\n    int (*other)(int a);\n} D;\n"
                    "typedef int Each(int b);\nD *d_new(Each *each) __attribute__((malloc));\n"
                    "static inline int any(int a) {\n    return a;\n}\nvoid d_free(D *d);\n",
    "src/base/e.c": "const char *t = \"confhouse-XXXXXX\";\n" + "\n" * 599,
    "tests/unit/x.c": "const char *q = \"SELECT a FROM b\";\n",
    "queries/x.sql": "-- summary: One.\nSELECT 1;\n",
    "scripts/x": "#!/bin/bash\n# Does it.\nset -eu\necho hello\n",
    "scripts/y": "#!/usr/bin/python3\nprint()\n",
    "docs/x.md": "A worker at https://example.com/work/main, in the network/root/tree.\n",
    "build/x.c": "goto out;\n",
}


@pytest.mark.parametrize("path", LOOK_ALIKES)
def test_what_only_looks_like_a_breach_is_fine(tmp_path, path):
    ran = lint(tmp_path, {path: LOOK_ALIKES[path]})
    assert ran.returncode == 0, ran.stdout
    assert "FAIL" not in ran.stdout


def test_a_script_that_does_not_parse_is_found(tmp_path):
    ran = lint(tmp_path, {"scripts/x": "#!/bin/bash\nset -eu\nif true; then\n"})
    assert ran.returncode == 1
    assert "FAIL script stops at the first error" in ran.stdout


def test_where_there_is_no_source_nothing_passes(tmp_path):
    ran = subprocess.run([LINT_RULES, tmp_path], capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    assert "no source" in ran.stderr
