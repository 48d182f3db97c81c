"""What `confhouse report` writes when there is much of it, and as the settings ask."""
import os
import pathlib
import shutil
import sqlite3
import subprocess
import time
import zipfile

import openpyxl
import pytest

from cli_tool import BIN, Cli, clean_environment
from shard_files import ShardFile
from test_report_workbook import build_dir, charts_of, query

LINKS, FINDINGS = 65530, 66000  # Excel's limit of links in a sheet; 20 rules of 3300 each
MAX_PEAK_MB = 32


def merge_many(cli):
    shard = ShardFile("2026-11-22", "01", "2026-11-22")
    shard.scope("111111111111", "eu-west-1", {
        f"rule-{r:02}": {("AWS::S3::Bucket", f"bucket-{i}"): ("NON_COMPLIANT", f"why {i % 97}")
                         for i in range(FINDINGS // 20)} for r in range(20)})
    shard.put(cli.store)
    cli("merge", "--group-id", "2026-11-22", expect=None)


def peak_mb(command, **how):
    """The most that it had in memory; what wait4 tells would begin with what this process has."""
    peak = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, **how) as child:
        while child.poll() is None:
            try:
                status = pathlib.Path(f"/proc/{child.pid}/status").read_text(encoding="ascii")
            except OSError:
                continue
            peak = max([peak, *(int(line.split()[1]) / 1024 for line in status.splitlines()
                                if line.startswith("VmHWM:"))])
            time.sleep(0.01)
    assert child.returncode == 0
    return peak


def test_many_findings_take_little_memory_and_links_end_where_excel_ends_them(tmp_path):
    cli = Cli(tmp_path)
    merge_many(cli)
    plain = os.environ.get("CONFHOUSE_PLAIN_BIN", BIN)
    book = tmp_path / "many.xlsx"
    peak = peak_mb([plain, *cli.command("report", "--output", str(book))[1:]],
                   env=clean_environment(), cwd=tmp_path)
    assert 1 < peak <= MAX_PEAK_MB
    sheet = openpyxl.load_workbook(book, read_only=True)["Non-compliant"]
    rows = sheet.iter_rows(min_row=2)
    column = [cell.value for cell in next(rows)].index("In AWS Config")
    cells = [row[column] for row in rows]
    assert len(cells) == FINDINGS
    assert all(cell.data_type == "f" for cell in cells[:LINKS])
    assert all(cell.data_type == "s" and cell.value.startswith("https://eu-west-1.console.aws")
               for cell in cells[LINKS:])


def test_colours_follow_the_settings(tmp_path):
    shutil.copy(os.path.join(build_dir(), "report-fixture.db"), tmp_path / "history.db")
    Cli(tmp_path)("report", "--database", "history.db", "--output", "own.xlsx", "--green-from",
                  "0.9", "--yellow-from", "0.5")
    book = openpyxl.load_workbook(tmp_path / "own.xlsx")
    for title in ("Summary", "Trend", "Rules", "Accounts", "Owners", "Regions"):
        formulas = " ".join(rule.formula[0] for found in book[title].conditional_formatting
                            for rule in found.rules)
        assert ">=0.900000" in formulas and ">=0.500000" in formulas, title
        assert "0.95" not in formulas and "0.80" not in formulas, title
    rated = [row for row in book["Accounts"].iter_rows(min_row=3, max_row=book["Accounts"].max_row - 1)
             if isinstance(row[9].value, float)]
    assert len(rated) > 3
    for row in rated:
        sign = "\u25cf" if row[9].value >= 0.9 else "\u25b2" if row[9].value >= 0.5 else "\u25bc"
        assert row[12].value.startswith(sign)


OLDER = """
INSERT INTO run (run_no, group_id, scan_date, owner_tag, version)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 130)
SELECT (SELECT min(run_no) FROM run) - 7 * 65536 * i, date('2026-10-18', (-7 * i) || ' days'),
       date('2026-10-18', (-7 * i) || ' days'), 'mox.owner', 'test' FROM n;
INSERT INTO count_environment
SELECT run_no, environment, 50 + run_no / 65536 % 50, 10, 0, 0, 1, 2
FROM run, (SELECT 'prod' AS environment UNION ALL SELECT 'nonprod')
WHERE scan_date < '2026-10-18';
"""


def test_charts_show_the_last_two_years(tmp_path):
    path = tmp_path / "history.db"
    shutil.copy(os.path.join(build_dir(), "report-fixture.db"), path)
    with sqlite3.connect(path) as db:
        db.executescript(OLDER)
    Cli(tmp_path)("report", "--database", "history.db", "--output", "own.xlsx")
    with sqlite3.connect(path) as db:
        db.row_factory = sqlite3.Row
        trend = query(db, "sheet_trend", "2026-11-22")
    assert len(trend) == 136
    sheet = openpyxl.load_workbook(tmp_path / "own.xlsx")["Trend"]
    assert sheet.max_row == 138
    lines = [chart for chart in charts_of(tmp_path / "own.xlsx")
             if chart.getElementsByTagName("c:lineChart")]
    assert len(lines) == 2
    for chart in lines:
        prod = chart.getElementsByTagName("c:ser")[0].getElementsByTagName("c:val")[0]
        assert prod.getElementsByTagName("c:f")[0].firstChild.data == "Trend!$C$35:$C$138"
        points = [float(point.firstChild.firstChild.data)
                  for point in prod.getElementsByTagName("c:pt")]
        shown = [row["prod_ratio"] for row in trend[-104:]]
        assert points == [pytest.approx(ratio) for ratio in shown if ratio is not None]
        cells = [sheet.cell(row, 3).value for row in range(35, 139)]
        assert cells == [ratio if ratio is None else pytest.approx(ratio) for ratio in shown]
    with zipfile.ZipFile(tmp_path / "own.xlsx") as package:
        assert package.testzip() is None
