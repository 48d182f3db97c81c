"""What every public view must say, from runs that are stored whole: no interval, no rollup, no SQL.

A run here is a Run of test_merge_model.py. `runs` are in the order of their dates."""
import datetime
import json
import re

COUNTED = ("compliant", "non_compliant", "not_applicable")


def environment_of(name):
    words = re.split(r"[-_. ]", name)
    return ("nonprod" if "dev" in words else "prod" if "prod" in words else "unclassified")


def group_of(rule):
    return re.sub(r"^OrgConfigRule-(.*)-[a-z]{8}$", r"\1", rule)


def code(state):
    return ["COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE"].index(state)


def ratio(part, rest):
    return part / (part + rest) if part + rest else None


class Views:
    """`waived(date, account, region, rule, resource)` gives (reason, expires) or None."""

    def __init__(self, runs, waived=lambda *finding: None):
        self.runs, self.waived = runs, waived
        self.scopes, self.names = [], []  # of each run, with those that it left out
        for run in runs:
            self.add_scopes(run)
        self.rows, self.moves, self.unread = [], [], []
        for key in sorted({(scope, rule) for run in runs for scope, rules in run.scopes.items()
                           for rule in rules or {}}):
            self.follow(*key)

    def add_scopes(self, run):
        """What the run before has and this one has not is left out, once it was read."""
        before = self.scopes[-1] if self.scopes else {}
        left_out = {scope: (told, read) for scope, (told, read) in before.items()
                    if read and scope not in run.scopes}
        names = dict(run.names)
        for scope in left_out:
            names.setdefault(scope[0], self.names[-1].get(scope[0]))
        here = {scope: ("missing", read) for scope, (_, read) in left_out.items()}
        for scope, rules in run.scopes.items():
            read = run.date if rules is not None else self.last_read(scope)
            here[scope] = ("denied" if rules is None else "scanned", read)
        self.scopes.append(here)
        self.names.append({account: names[account] for account, _ in here})

    def last_read(self, scope):
        read = [here[scope][1] for here in self.scopes if scope in here]
        return read[-1] if read else None

    def place(self, number, scope):
        name = self.names[number][scope[0]]
        return {"account_id": scope[0], "account_name": name, "environment": environment_of(name),
                "region": scope[1]}

    def told(self, number, scope, rule):
        """None = this run did not read the rule."""
        rules = self.runs[number].scopes.get(scope)
        return None if rules is None else rules.get(rule, {})

    def follow(self, scope, rule):
        """One rule of one scope, from run to run."""
        known, ever = {}, set()  # resource -> [state, since, annotation of its interval]
        for number, run in enumerate(self.runs):
            told = self.told(number, scope, rule)
            if told is None:
                continue
            before, known = known, {}
            for resource, (state, note) in told.items():
                old = before.get(resource)
                same = old is not None and old["state"] == state
                known[resource] = old if same else {"state": state, "since": run.date}
                known[resource]["note"] = note  # told again, it is updated in place
                self.rows.append((number, scope, rule, resource, known[resource]))
            if number > 0:
                self.compare(number, scope, rule, before, known, ever)
            ever |= {r for r, now in known.items() if now["state"] == "NON_COMPLIANT"}
        last = len(self.runs) - 1
        if known and self.told(last, scope, rule) is None:
            self.unread += [(scope, rule, resource, now) for resource, now in known.items()]

    def compare(self, number, scope, rule, before, known, ever):
        for resource in sorted(set(before) | set(known)):
            old, new = (some.get(resource, {}).get("state") for some in (before, known))
            if old == new or "NON_COMPLIANT" not in (old, new):
                continue
            if new == "NON_COMPLIANT":
                change = "reopened" if resource in ever else "new"
            else:
                change = "gone" if new is None else "resolved"
            self.moves.append((number, scope, rule, resource, change, old, new))

    def owner(self, number, scope, rule, resource):
        """The one that the resource's tags name, as they were read last, or else the rule's."""
        read = [run.tags_of(scope)[resource] for run in self.runs[:number + 1]
                if resource in (run.tags_of(scope) or {})]
        return (read and read[-1].get("mox.owner")) or self.runs[number].owner(scope, rule)

    def run_names(self, number):
        run = self.runs[number]
        return {"group_id": run.date, "scan_date": run.date}

    # ---- the views ----

    def evaluations(self):
        for number, scope, rule, resource, now in self.rows:
            date = self.runs[number].date
            waiver = (self.waived(date, *scope, rule, resource[1])
                      if now["state"] == "NON_COMPLIANT" else None)
            yield {**self.run_names(number), **self.place(number, scope), "rule_name": rule,
                   "rule_group": group_of(rule), "resource_type": resource[0],
                   "resource_id": resource[1], "compliance": now["state"],
                   "annotation": now["note"], "owner": self.owner(number, scope, rule, resource),
                   "since": now["since"], "mode": "DETECTIVE", "waiver": waiver}

    def current_evaluations(self):
        return [row for row in self.evaluations() if row["group_id"] == self.runs[-1].date]

    def findings(self):
        day = datetime.date.fromisoformat
        for row in self.current_evaluations():
            if row["compliance"] != "NON_COMPLIANT":
                continue
            waiver = row.pop("waiver")
            yield row | {"age_runs": sum(run.date >= row["since"] for run in self.runs),
                         "age_days": (day(row["scan_date"]) - day(row["since"])).days,
                         "waived": int(waiver is not None),
                         "waiver_expires": waiver and waiver[1],
                         "waiver_reason": waiver and waiver[0]}

    def last_known_evaluations(self):
        for scope, rule, resource, now in self.unread:
            yield {"account_id": scope[0], "region": scope[1], "rule_name": rule,
                   "rule_group": group_of(rule), "resource_type": resource[0],
                   "resource_id": resource[1], "compliance": now["state"],
                   "since": now["since"], "last_scanned": self.last_read(scope)}

    def sums(self, rows, *names):
        """Counts and ratios of evaluations that are the same in these columns."""
        found = {}
        for row in rows:
            counts = found.setdefault(tuple(row[name] for name in names), [0, 0, 0, 0])
            counts[code(row["compliance"])] += 1
            counts[3] += row["waiver"] is not None
        return found

    @staticmethod
    def counts(counts):
        compliant, non_compliant, not_applicable, waived = counts
        whole = compliant + non_compliant
        return {"compliant": compliant, "non_compliant": non_compliant,
                "not_applicable": not_applicable, "waived": waived,
                "ratio": ratio(compliant, non_compliant),
                "ratio_after_waivers": (compliant + waived) / whole if whole else None}

    def environments(self, number):
        return sorted({environment_of(name) for name in self.names[number].values()})

    def compliance_by_environment(self):
        sums = self.sums(self.evaluations(), "group_id", "environment")
        for number, run in enumerate(self.runs):
            for environment in self.environments(number):
                yield {**self.run_names(number), "environment": environment,
                       **self.counts(sums.get((run.date, environment), [0, 0, 0, 0]))}

    def compliance_by_rule(self):
        sums = self.sums(self.evaluations(), "group_id", "rule_group", "environment")
        for (date, group, environment), counts in sums.items():
            yield {"group_id": date, "scan_date": date, "rule_group": group,
                   "environment": environment, **self.counts(counts)}

    def compliance_by_account(self):
        sums = self.sums(self.evaluations(), "group_id", "account_id")
        for number, run in enumerate(self.runs):
            for account, name in self.names[number].items():
                outcomes = [outcome for scope, (outcome, _) in self.scopes[number].items()
                            if scope[0] == account]
                yield {**self.run_names(number), "account_id": account, "account_name": name,
                       "environment": environment_of(name),
                       "scopes_scanned": outcomes.count("scanned"),
                       "scopes_planned": len(outcomes),
                       **self.counts(sums.get((run.date, account), [0, 0, 0, 0]))}

    def compliance_by_owner(self):
        sums = self.sums(self.current_evaluations(), "owner")
        for (owner,), counts in sums.items():
            row = self.counts(counts)
            yield {"owner": owner or "", **{name: row[name] for name in (
                "compliant", "non_compliant", "ratio", "ratio_after_waivers")}}

    def compliance_by_rule_in_scope(self):
        found = {}
        for row in self.evaluations():
            found.setdefault((row["group_id"], (row["account_id"], row["region"]),
                              row["rule_name"]), []).append(row)
        seen = {}  # a rule that a scan told of once has a row whenever its scope was read
        for run in self.runs:
            for scope in run.scopes:
                seen.setdefault(scope, set()).update(run.listed(scope))
        for number, run in enumerate(self.runs):
            for scope, rules in run.scopes.items():
                for rule in seen[scope] if rules is not None else ():
                    if rules.get(rule, {}) is None:
                        continue
                    rows = found.get((run.date, scope, rule), [])
                    yield {**self.run_names(number), **self.place(number, scope),
                           "rule_name": rule, "rule_group": group_of(rule),
                           "owner": run.owner(scope, rule), **self.summary(rows)}

    def summary(self, rows):
        counts = self.counts(self.sums(rows).get((), [0, 0, 0, 0]))
        return {**{name: counts[name] for name in (*COUNTED, "waived")},
                "oldest_finding": min((row["since"] for row in rows
                                       if row["compliance"] == "NON_COMPLIANT"), default=None)}

    def tallies(self):
        for row in self.evaluations():
            yield {**{name: row[name] for name in (
                "group_id", "scan_date", "account_id", "account_name", "environment", "region",
                "rule_name", "rule_group", "owner")}, **self.summary([row])}

    def trend(self):
        """Nothing is known of an environment in a run that read no scope of it."""
        moves = list(self.changes())
        rows = {(row["group_id"], row["environment"]): row
                for row in self.compliance_by_environment()}
        for number, run in enumerate(self.runs):
            for environment in self.environments(number):
                row = rows[run.date, environment]
                before = rows.get((self.runs[number - 1].date, environment)) if number else None
                old, now = before and before["ratio"], row["ratio"]
                read = any(outcome == "scanned" and environment == environment_of(
                    self.names[number][scope[0]])
                    for scope, (outcome, _) in self.scopes[number].items())
                kinds = [move["change"] for move in moves if move["group_id"] == run.date
                         and move["environment"] == environment]
                yield {**self.run_names(number), "environment": environment, "ratio": now,
                       "previous_ratio": old,
                       "change": None if None in (now, old) else now - old,
                       "new_findings": (kinds.count("new") + kinds.count("reopened")
                                        if read else None),
                       "resolved_findings": kinds.count("resolved") if read else None,
                       "open_findings": row["non_compliant"] if read else None}

    def changes(self):
        for number, scope, rule, resource, change, old, new in self.moves:
            yield {"group_id": self.runs[number].date,
                   "previous_group_id": self.runs[number - 1].date, "change": change,
                   **self.place(number, scope), "rule_name": rule, "rule_group": group_of(rule),
                   "resource_type": resource[0], "resource_id": resource[1],
                   "compliance_before": old, "compliance_after": new,
                   "owner": self.owner(number, scope, rule, resource)}

    def coverage(self):
        for number, run in enumerate(self.runs):
            for scope, (outcome, read) in self.scopes[number].items():
                rules = run.scopes.get(scope) or {}
                yield {"group_id": run.date, **self.place(number, scope), "outcome": outcome,
                       "rules_failed": sum(told is None for told in rules.values()),
                       "evaluations": sum(len(told or {}) for told in rules.values()),
                       "error_code": {"denied": "AccessDenied", "missing": "NoPlan",
                                      "scanned": None}[outcome],
                       "tags_read": (int(run.tags_of(scope) is not None)
                                     if outcome == "scanned" else None),
                       "last_scanned": read}

    def rule_coverage(self):
        for number, run in enumerate(self.runs):
            for scope, rules in run.scopes.items():
                for rule, told in (rules or {}).items():
                    if told is None or run.says_nothing(scope, rule):
                        owners = [r.owner(scope, rule) for r in self.runs[:number + 1]
                                  if scope in r.scopes]
                        yield {"group_id": run.date, **self.place(number, scope),
                               "rule_name": rule, "rule_group": group_of(rule),
                               "outcome": "failed" if told is None else "insufficient_data",
                               "owner": ([None] + [o for o in owners if o])[-1]}

    def runs_(self):
        rows = list(self.coverage())
        for number, run in enumerate(self.runs):
            here = [row for row in rows if row["group_id"] == run.date]
            outcomes = [row["outcome"] for row in here]
            yield {**self.run_names(number), "ordinal": number + 1, "pruned": 0,
                   "complete": int(set(outcomes) <= {"scanned", "skipped"}),
                   "scopes_planned": len(outcomes), "scopes_scanned": outcomes.count("scanned"),
                   "rules_failed": sum(row["rules_failed"] for row in here),
                   "evaluations": sum(row["evaluations"] for row in here),
                   "previous_group_id": self.runs[number - 1].date if number else None}

    def resource_tag_set(self):
        """The table: as few intervals as can be, over the runs in which tags of a scope were read."""
        for scope in sorted({scope for run in self.runs for scope in run.scopes}):
            read = [(run.date, run.tags_of(scope)) for run in self.runs
                    if run.tags_of(scope) is not None]
            for resource in sorted({name for _, tags in read for name in tags}):
                steps = [(date, tags.get(resource)) for date, tags in read]
                steps = [step for before, step in zip([(None, None), *steps], steps)
                         if step[1] != before[1]] + [(None, None)]
                for (began, tags), (ended, _) in zip(steps, steps[1:]):
                    if tags is not None:
                        yield {"account_id": scope[0], "region": scope[1],
                               "resource_id": resource[1], "began": began, "ended": ended,
                               "tags": tuple(sorted(tags.items()))}

    def all(self):
        """view -> its rows."""
        names = [name for name in vars(Views) if "compliance_by" in name] + [
            "evaluations", "current_evaluations", "findings", "last_known_evaluations", "trend",
            "changes", "coverage", "rule_coverage", "tallies"]
        return {name: list(getattr(self, name)()) for name in names} | {"runs": list(self.runs_())}


def differences(db, views):
    """What the database and whole runs do not say alike: (view, row, who says so)."""
    found = []
    for view, rows in views.all().items():
        extra = ("(SELECT reason || ' ' || expires FROM waiver w"
                 " WHERE w.waiver_key = v.waiver_key) AS waiver"
                 if "evaluations" in view and "known" not in view else "0")
        for row in rows:
            if "waiver" in row:
                row["waiver"] = row["waiver"] and " ".join(row["waiver"])
        kept = [dict(row) for row in db.execute(f"SELECT *, {extra} FROM {view} v")]
        names = sorted(rows[0] if rows else [])
        wanted, told = (sorted(repr(readable(row, names)) for row in some)
                        for some in (rows, kept))
        if wanted != told:
            found += [(view, row, "whole runs") for row in wanted if row not in told]
            found += [(view, row, "history") for row in told if row not in wanted]
            found.append((view, len(wanted), len(told)))
    tags = [tuple(row.values()) for row in views.resource_tag_set()]
    kept = [(*row[:5], tuple(sorted(json.loads(row[5]).items()))) for row in db.execute(TAG_SETS)]
    return found + [("resource_tag_set", row) for row in set(tags) ^ set(kept)]


TAG_SETS = """
SELECT a.account_id, s.region, re.name, b.group_id, e.group_id, t.tags
FROM resource_tag_set x
JOIN tag_set t USING (tag_set_key)
JOIN resource re USING (resource_key)
JOIN scope s ON s.scope_key = x.scope_key AND s.scope_key = re.scope_key
JOIN account a USING (account_key)
JOIN run b ON b.run_no = x.began
LEFT JOIN run e ON e.run_no = x.ended"""


def readable(row, names):
    return {name: round(row[name], 9) if isinstance(row[name], float) else row[name]
            for name in names}
