"""Waivers: which findings they accept, from when until when, and what is said of the file. At the
end, random files over random weeks against a model that keeps every run whole."""
import csv
import io
import random
import re

import pytest

from cli_tool import Cli
from shard_files import ShardFile, open_history
from test_merge_model import ACCOUNTS, REGIONS, check, observed, random_runs

ALPHA, BETA = "111111111111", "022222222222"
COLUMNS = ["account", "region", "rule", "resource", "reason", "owner", "expires"]
WEEKS = ["2026-01-04", "2026-01-11", "2026-01-18", "2026-01-25"]
RULE = "OrgConfigRule-s3-encrypted-abcdefgh"


@pytest.fixture
def cli(tmp_path):
    (tmp_path / "store").mkdir()
    return Cli(tmp_path)


def put_file(cli, *waivers, columns=tuple(COLUMNS)):
    """Each waiver a dict; the text of a line goes in as it is."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for waiver in waivers:
        if isinstance(waiver, str):
            out.write(waiver + "\n")
        else:
            waiver = {"reason": "because", "expires": "2027-01-01"} | waiver
            writer.writerow([waiver.get(column, "") for column in columns])
    (cli.store / "waivers.csv").write_text(out.getvalue())


def put_run(cli, date, findings, compliant=(), denied=(), expect=0):
    """Findings are (account, region, resource) of one rule."""
    shard = ShardFile(date, "01", date)
    scopes = {f[:2] for f in [*findings, *compliant]}
    for account, region in sorted(scopes):
        states = {("AWS::S3::Bucket", f[2]): state
                  for state, some in (("NON_COMPLIANT", findings), ("COMPLIANT", compliant))
                  for f in some if f[:2] == (account, region)}
        shard.scope(account, region, {RULE: states},
                    name={ALPHA: "payments-prod", BETA: "sandbox-[1]"}[account])
    for account, region in denied:
        shard.scope(account, region, outcome="denied", error_code="AccessDenied", recorder=None)
    shard.put(cli.store)
    return merge(cli, date, expect=expect)


def merge(cli, date, expect=0):
    return cli.rows("merge", "--group-id", date, expect=expect)[0]


def waived(cli, date):
    """resource -> reason"""
    with open_history(cli.store) as db:
        return dict(tuple(row) for row in db.execute(
            "SELECT e.resource_id, w.reason FROM evaluations e JOIN waiver w USING (waiver_key)"
            " WHERE e.group_id = ?", (date,)))


def waivers(cli, date):
    """reason -> row"""
    return {row["reason"]: row for row in cli.rows("query", "waivers", "-p", f"group_id={date}")}


FINDINGS = [(ALPHA, "eu-west-1", "logs"), (ALPHA, "us-east-1", "site"),
            (BETA, "eu-west-1", "scratch-1"), (BETA, "eu-west-1", "scratch-2")]


@pytest.mark.parametrize("waiver,expected", [
    ({"account": ALPHA}, {"logs", "site"}),
    ({"account": "payments-prod"}, {"logs", "site"}),
    ({"account": "payments-*"}, {"logs", "site"}),
    ({"account": "PAYMENTS-*"}, set()),
    ({"account": "sandbox-[1]"}, {"scratch-1", "scratch-2"}),
    ({"account": "sandbox-[?]"}, {"scratch-1", "scratch-2"}),
    ({"account": "sandbox-1"}, set()),
    ({"account": "0222*"}, {"scratch-1", "scratch-2"}),
    ({"region": "eu-*"}, {"logs", "scratch-1", "scratch-2"}),
    ({"region": "us-east-1", "account": BETA}, set()),
    ({"rule": "s3-encrypted"}, {"logs", "site", "scratch-1", "scratch-2"}),
    ({"rule": RULE, "region": "us-east-1"}, {"site"}),
    ({"rule": "OrgConfigRule-*", "resource": "logs"}, {"logs"}),
    ({"rule": "s3-*", "resource": "l*s"}, {"logs"}),
    ({"rule": "s3-encrypt", "resource": "logs"}, set()),
    ({"resource": "scratch-?"}, {"scratch-1", "scratch-2"}),
    ({"resource": "scratch-2", "account": "*", "rule": "*"}, {"scratch-2"}),
    ({"resource": "scratch-2", "account": ALPHA}, set()),
    ({"resource": "scratch"}, set()),
    ({"rule": " s3-encrypted ", "resource": " logs"}, {"logs"}),
])
def test_what_a_waiver_matches(cli, waiver, expected):
    put_file(cli, waiver)
    merged = put_run(cli, WEEKS[0], FINDINGS, compliant=[(ALPHA, "eu-west-1", "fine")])
    assert set(waived(cli, WEEKS[0])) == expected
    assert (merged["waivers"], merged["waived"]) == (1, len(expected))
    rows = cli.rows("query", "findings")
    assert len(rows) == len(FINDINGS)
    assert {row["resource_id"] for row in rows if row["waived"]} == expected
    assert {row["resource_id"] for row in rows if row["waiver_expires"]} == expected


def test_both_ratios_are_kept(cli):
    put_file(cli, {"resource": "scratch-*"})
    put_run(cli, WEEKS[0], FINDINGS, compliant=[(BETA, "eu-west-1", "fine")])
    with open_history(cli.store) as db:
        rows = {row["account_id"]: row for row in db.execute("SELECT * FROM compliance_by_account")}
        assert (rows[ALPHA]["ratio"], rows[ALPHA]["ratio_after_waivers"]) == (0, 0)
        assert rows[BETA]["ratio"] == pytest.approx(1 / 3)
        assert rows[BETA]["ratio_after_waivers"] == 1
        for view in ("compliance_by_rule", "compliance_by_environment", "compliance_by_owner"):
            row, = [r for r in db.execute(f"SELECT * FROM {view}")
                    if "environment" not in r.keys() or r["environment"] == "nonprod"]
            compliant = row["compliant"]
            found = row["compliant"] + row["non_compliant"]
            assert row["ratio"] == pytest.approx(compliant / found)
            assert row["ratio_after_waivers"] == pytest.approx((compliant + 2) / found), view
    owner, = cli.rows("query", "owners")
    assert owner["ratio"] == pytest.approx(1 / 5)
    assert owner["ratio_after_waivers"] == pytest.approx(3 / 5)


def test_the_one_that_holds_longest_counts_then_the_first(cli):
    put_file(cli, {"resource": "logs", "reason": "short", "expires": "2026-06-01"},
             {"rule": "s3-*", "reason": "long", "expires": "2026-07-01", "account": ALPHA},
             {"resource": "log*", "reason": "as long", "expires": "2026-07-01"},
             {"resource": "site", "reason": "longest", "expires": "2026-08-01"})
    put_run(cli, WEEKS[0], FINDINGS)
    assert waived(cli, WEEKS[0]) == {"logs": "long", "site": "longest"}


def test_states(cli):
    put_file(cli, {"resource": "logs", "reason": "a", "expires": "2026-02-04"},
             {"resource": "site", "reason": "e", "expires": "2026-02-03"},
             {"resource": "none", "reason": "u", "expires": "2026-01-05"},
             {"resource": "scratch-1", "reason": "today", "expires": "2026-01-04"},
             {"resource": "scratch-2", "reason": "x", "expires": "2026-01-03"})
    put_run(cli, WEEKS[0], FINDINGS)
    assert {k: (v["state"], v["findings"], v["line"]) for k, v in waivers(cli, WEEKS[0]).items()} \
        == {"a": ("active", 1, 2), "e": ("expiring", 1, 3), "u": ("unused", 0, 4),
            "today": ("expiring", 1, 5), "x": ("expired", 0, 6)}
    rows = cli.rows("query", "waivers", "-p", "state=unused")
    assert [row["reason"] for row in rows] == ["u"]


def test_a_waiver_applies_from_its_day_on_and_until_it_expires(cli):
    put_run(cli, WEEKS[0], FINDINGS)
    put_file(cli, {"resource": "logs", "expires": WEEKS[2]})
    for week in WEEKS[1:]:
        put_run(cli, week, FINDINGS)
    assert [list(waived(cli, week)) for week in WEEKS] == [[], ["logs"], ["logs"], []]
    (cli.store / "waivers.csv").unlink()
    for week in WEEKS[:3]:  # merged again, without a file: the past stands
        merge(cli, week)
    assert [list(waived(cli, week)) for week in WEEKS] == [[], ["logs"], ["logs"], []]
    with open_history(cli.store) as db:
        rows = db.execute("SELECT count(*), sum(ended IS NULL) FROM accepted").fetchone()
    assert tuple(rows) == (1, 0)  # and costs one row, however long it holds


def test_the_newest_run_takes_the_file_as_it_is_now(cli):
    one = {"resource": "logs", "reason": "one"}
    put_file(cli, one)
    put_run(cli, WEEKS[0], FINDINGS)
    put_run(cli, WEEKS[1], FINDINGS)
    states = []
    for file in ([{"resource": "site", "reason": "two"}], [], [one]):
        put_file(cli, *file)
        merged = merge(cli, WEEKS[1])
        states.append((waived(cli, WEEKS[1]), merged["waived"],
                       waived(cli, WEEKS[0]) == {"logs": "one"}))
    assert states == [({"site": "two"}, 1, True), ({}, 0, True), ({"logs": "one"}, 1, True)]
    with open_history(cli.store) as db:
        assert db.execute("SELECT count(*) FROM accepted").fetchone()[0] == 1
        assert db.execute("SELECT count(*) FROM waiver").fetchone()[0] == 1


def test_merging_again_publishes_nothing(cli):
    put_file(cli, {"resource": "logs"}, {"resource": "logs"}, {"resource": "x", "expires": "no"})
    put_run(cli, WEEKS[0], FINDINGS, expect=3)
    latest = (cli.store / "history/latest.json").read_bytes()
    merge(cli, WEEKS[0], expect=3)
    assert (cli.store / "history/latest.json").read_bytes() == latest


def test_what_could_not_be_read_is_neither_accepted_nor_unused(cli):
    put_file(cli, {"account": BETA, "reason": "sandbox"})
    put_run(cli, WEEKS[0], FINDINGS)
    put_run(cli, WEEKS[1], FINDINGS[:2], denied=[(BETA, "eu-west-1")], expect=3)
    put_run(cli, WEEKS[2], FINDINGS)
    rows = [waivers(cli, week)["sandbox"] for week in WEEKS[:3]]
    assert [(r["findings"], r["findings_unread"], r["state"]) for r in rows] \
        == [(2, 0, "active"), (0, 2, "active"), (2, 0, "active")]
    assert waived(cli, WEEKS[1]) == {}
    with open_history(cli.store) as db:
        assert db.execute("SELECT count(*) FROM accepted").fetchone()[0] == 2


def test_a_late_run_is_told_what_held_around_it_but_not_past_the_expiry(cli):
    put_file(cli, {"resource": "logs", "reason": "long"},
             {"resource": "site", "reason": "short", "expires": WEEKS[1]},
             {"resource": "scratch-1", "reason": "ended", "expires": "2026-01-12"})
    put_run(cli, WEEKS[0], FINDINGS)
    put_run(cli, WEEKS[3], FINDINGS)
    for week in WEEKS[1:3]:
        put_run(cli, week, FINDINGS)
    assert [sorted(waived(cli, week)) for week in WEEKS] \
        == [["logs", "scratch-1", "site"], ["logs", "scratch-1", "site"], ["logs"], ["logs"]]
    late = waivers(cli, WEEKS[1])
    assert {k: (v["line"], v["findings"]) for k, v in late.items()} \
        == {"long": (None, 1), "short": (None, 1), "ended": (None, 1)}


@pytest.mark.parametrize("line,why", [
    (",,,,no pattern,me,2027-01-01", "every finding"),
    ("*,**,*,,only stars,me,2027-01-01", "every finding"),
    ("a,,,,,me,2027-01-01", "reason"),
    ("a,,,,why,me,", "'' is no date"),
    ("a,,,,why,me,31/12/2027", "'31/12/2027' is no date"),
    ("a,,,,why,me,2027-02-30", "is no date"),
    ("12345678901,,,,why,me,2027-01-01", "12 digits"),
    ("a,,,,why,2027-01-01", "6 fields, and the first line has 7"),
    ("a,,,,why,not,me,2027-01-01", "8 fields"),
    ('a,,,,"why,me,2027-01-01', "quoted field does not end"),
    ('a,,,,"why"s,me,2027-01-01', "closing quote"),
    ("a" * 1025 + ",,,,why,me,2027-01-01", "more than 1024 bytes"),
])
def test_a_bad_line_is_listed_and_loses_nothing_else(cli, line, why):
    put_file(cli, {"resource": "logs", "reason": "before"}, line,
             {"resource": "site", "reason": "behind"})
    merged = put_run(cli, WEEKS[0], FINDINGS, expect=3)
    assert (merged["waivers"], merged["bad_waivers"], merged["waived"]) == (2, 1, 2)
    assert waived(cli, WEEKS[0]) == {"logs": "before", "site": "behind"}
    row, = [r for r in cli.rows("query", "waivers") if r["state"] == "refused"]
    assert row["line"] == 3 and why in row["message"], row
    said = cli("merge", "--group-id", WEEKS[0], expect=3).stderr
    assert re.search(r"waivers\.csv: line 3: .*left out", said) and why in said
    assert "1 lines of waivers.csv could not be used" in said


def test_bytes_that_are_no_text(cli):
    (cli.store / "waivers.csv").write_bytes(
        ",".join(COLUMNS).encode() + b"\nlogs\xff,,,,why,me,2027-01-01\n,,,logs,ok,me,2027-01-01\n")
    merged = put_run(cli, WEEKS[0], FINDINGS, expect=3)
    assert (merged["waivers"], merged["bad_waivers"]) == (1, 1)
    assert waived(cli, WEEKS[0]) == {"logs": "ok"}


@pytest.mark.parametrize("text,why", [
    ("account,region,rule,resource,reason,owner\n", "expires"),
    ("acount,region,rule,resource,reason,owner,expires\n", "account"),
    ("account,account,region,rule,resource,reason,owner,expires\n", "account"),
    ("\x00\x01", "NUL"),
])
def test_a_first_line_that_names_no_columns_makes_all_of_it_useless(cli, text, why):
    (cli.store / "waivers.csv").write_text(text + "a,,,,why,me,2027-01-01\n")
    merged = put_run(cli, WEEKS[0], FINDINGS, expect=3)
    assert (merged["waivers"], merged["bad_waivers"]) == (0, 1)
    row, = cli.rows("query", "waivers")
    assert (row["line"], row["state"]) == (1, "refused") and why in row["message"]


def test_columns_in_any_order_and_others_between(cli):
    put_file(cli, {"resource": "logs", "reason": "ticket, and more", "ticket": "A-1"},
             columns=["ticket", "expires", "reason", "owner", "resource", "rule", "region",
                      "account"])
    text = (cli.store / "waivers.csv").read_text()
    (cli.store / "waivers.csv").write_text("\ufeff" + text.replace("owner", " OWNER "))
    put_run(cli, WEEKS[0], FINDINGS)
    assert waived(cli, WEEKS[0]) == {"logs": "ticket, and more"}


@pytest.mark.parametrize("text", ["", "\n\n", ",".join(COLUMNS) + "\n"])
def test_a_file_without_waivers(cli, text):
    (cli.store / "waivers.csv").write_text(text)
    merged = put_run(cli, WEEKS[0], FINDINGS)
    assert (merged["waivers"], merged["bad_waivers"]) == (0, 0)


def test_a_file_that_is_too_large_or_has_too_many_bad_lines(cli):
    (cli.store / "waivers.csv").write_text(",".join(COLUMNS) + "\n" + "bad\n" * 1500)
    merged = put_run(cli, WEEKS[0], FINDINGS, expect=3)
    assert merged["bad_waivers"] == 1500
    rows = cli.rows("query", "waivers")
    assert len(rows) == 1000 and "not listed" in rows[-1]["message"]
    (cli.store / "waivers.csv").write_bytes(b"x" * (16 * 1024 * 1024 + 1))
    merged = merge(cli, WEEKS[0], expect=3)
    assert merged["bad_waivers"] == 1


# ---- against whole runs ----

def glob(pattern, text):
    return pattern == "" or re.fullmatch(
        "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern), text) is not None


def random_waivers(rng, dates):
    def pick(*choices):
        return rng.choice(("", "") + choices)
    some = []
    for number in range(rng.randrange(7)):
        some.append({"account": pick(*ACCOUNTS, "account-1*", "2*", "*3"),
                     "region": pick(*REGIONS, "eu-*"),
                     "rule": pick("s3-encrypted", "iam-*", "ebs-backup", "OrgConfigRule-*", "?*"),
                     "resource": pick("r1", "r2", "r?", "*3"),
                     "reason": f"{number}{rng.randrange(3)}", "expires": rng.choice(dates)})
    return [w for w in some if w["account"] + w["region"] + w["rule"] + w["resource"]]


class Model:
    """Acceptance as whole sets: what each run that was the newest when it was merged accepted."""

    def __init__(self):
        self.runs = {}
        self.accepted = {}

    def merge(self, run, file):
        self.runs[run.date] = run
        if run.date < max(self.runs):
            return
        before = [date for date in self.accepted if date < run.date]
        carried = self.accepted[max(before)] if before else {}
        now = {f: w for f, w in carried.items() if observed(run, *f[:3]) is None}
        for finding in self.findings(run):
            matching = [w for w in file if w["expires"] >= run.date
                        and self.matches(w, finding, run.names[finding[0]])]
            if matching:  # max() takes the first of equal ones
                best = max(matching, key=lambda w: w["expires"])
                now[finding] = (best["reason"], best["expires"])
        self.accepted[run.date] = now

    @staticmethod
    def findings(run):
        return {(*scope, rule, resource[1])
                for scope, rules in run.scopes.items() for rule, told in (rules or {}).items()
                for resource, (state, _) in (told or {}).items() if state == "NON_COMPLIANT"}

    @staticmethod
    def matches(waiver, finding, name):
        account, region, rule, resource = finding
        group = re.sub(r"^OrgConfigRule-(.*)-abcdefgh$", r"\1", rule)
        return (any(glob(waiver["account"], a) for a in (account, name))
                and glob(waiver["region"], region) and glob(waiver["resource"], resource)
                and any(glob(waiver["rule"], r) for r in (rule, group)))

    def held(self, date, *finding):
        """The reason and last day of the waiver that accepts this finding in that run, or None."""
        marks = [mark for mark in self.accepted if mark <= date]
        waiver = self.accepted[max(marks)].get(finding) if marks else None
        return waiver if waiver and waiver[1] >= date else None


@pytest.mark.parametrize("seed", range(12))
def test_random_files_over_random_weeks(cli, seed):
    rng, runs = random_runs(500 + seed, 6)
    order = runs[:] if seed % 2 else rng.sample(runs, len(runs))
    model, file, done = Model(), [], []
    dates = [run.date for run in runs] + ["2026-12-31"]
    for step in range(12):
        run = order[step // 2] if step % 2 == 0 else rng.choice(done)
        if rng.random() < 0.6:
            file = random_waivers(rng, dates)
            put_file(cli, *file)
        for shard in run.shards() if run not in done else []:
            shard.put(cli.store)
        cli("merge", "--group-id", run.date, expect=None)
        done = done if run in done else [*done, run]
        model.merge(run, file)
        check(cli.store, done, model.held)
        with open_history(cli.store) as db:
            accepted = sum(row["waived"] for row in db.execute("SELECT * FROM count_account"))
            listed = db.execute("SELECT coalesce(sum(findings), 0) FROM waivers").fetchone()[0]
        assert listed == accepted == sum(
            model.held(run.date, *finding) is not None
            for run in done for finding in model.findings(run))
