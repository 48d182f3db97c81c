"""Many invocations in one warm process of the custom runtime: each answers as a new process would,
and nothing of it stays behind."""
import random
import shutil

from lambda_tool import BOOTSTRAP, PLAIN_BOOTSTRAP, function

ACCOUNTS = ("--accounts", 3, "--rules", 3, "--regions", "eu-west-1,us-east-1", "--seed", 5,
            "--role-name", "OrganizationAccountAccessRole", "--role-name", "configreport-read-role",
            "--role-name", "asked-for-an-id")
GROUP = "2026-02-01"
WARM_UP = 50


def events_for(simulator):
    one, two, _ = [account["Id"] for account in simulator.accounts()]
    only = [{"account_id": one, "account_name": "only"}]
    return [
        {"mode": "plan", "group_id": "planned", "date": "2026-02-08", "regions": ["us-east-1"]},
        {"mode": "plan"},
        {"mode": "batch", "group_id": "one", "accounts": only, "shard_id": "07"},
        {"mode": "batch", "group_id": "other", "role_name": "configreport-read-role",
         "accounts": [{"account_id": one}, {"account_id": two}], "regions": ["us-east-1"]},
        {"mode": "batch", "group_id": "denied", "role_name": "no-such-role"},
        {"mode": "batch", "group_id": "with-id", "role_name": "asked-for-an-id",
         "external_id": "an/id", "accounts": only},
        {"mode": "batch", "group_id": "silent"},
        {},
        {"mode": "merge", "group_id": GROUP},
        {"mode": "final", "group_id": GROUP},
        {"mode": "report"},
        {"mode": "report", "group_id": GROUP},
        {"mode": "report", "group_id": "unknown"},
        {"mode": "run", "group_id": "2026-02-15"},
        {"mode": "final", "group_id": "nothing-scanned"},
        {"detail-type": "Scheduled Event", "source": "aws.events", "detail": {},
         "time": "2026-02-22T06:00:00Z"},
        {"mode": "batch", "accounts": "all"},
        {"group_id": "../up"},
        b"{",
    ]


class World:
    """A store that is the same before each invocation: one run that was merged and reported."""

    def __init__(self, simulator, folder):
        self.folder = folder
        self.store = folder / "store"
        self.before = folder / "before"
        self.env = simulator.env | {"CONFHOUSE_STORE": str(self.store),
                                    "CONFHOUSE_REGIONS": "eu-west-1"}
        with function(folder / "first", self.env) as (api, _):
            outcome = api.invoke({"mode": "run", "group_id": GROUP})
            assert outcome.kind == "response", outcome.text
        shutil.copytree(self.store, self.before)

    def ask(self, api, event):
        """What a caller sees, without what differs from one time to the next."""
        shutil.rmtree(self.store, ignore_errors=True)
        shutil.copytree(self.before, self.store)
        outcome = api.invoke(event)
        assert outcome is not None, f"no answer to {event}"
        body = outcome.body
        body.pop("sha256", None)  # of a history, which holds the times of its runs
        return outcome.kind, body

    def fresh(self, events, binary):
        """What a new process answers to each."""
        answers = []
        for number, event in enumerate(events):
            with function(self.folder / f"fresh{number}", self.env, binary=binary) as (api, _):
                answers.append(self.ask(api, event))
        return answers

    def serve(self, api, events, expected, choices):
        for choice in choices:
            assert self.ask(api, events[choice]) == expected[choice], events[choice]


def choose(count, of):
    """Each event at least once, in any order."""
    drawn = random.Random(7)
    chosen = list(range(of)) + [drawn.randrange(of) for _ in range(count - of)]
    drawn.shuffle(chosen)
    return chosen


def test_200_invocations_answer_as_new_processes_do(sim, tmp_path):
    simulator = sim(*ACCOUNTS)
    world, events = World(simulator, tmp_path), events_for(simulator)
    expected = world.fresh(events, PLAIN_BOOTSTRAP)
    assert {kind for kind, _ in expected} == {"response", "error"}
    choices = choose(200, len(events))
    with function(tmp_path / "warm", world.env, binary=PLAIN_BOOTSTRAP) as (api, process):
        world.serve(api, events, expected, choices[:WARM_UP])
        memory_kb, descriptors = process.resident_kb(), process.descriptors()
        world.serve(api, events, expected, choices[WARM_UP:])
        assert process.resident_kb() - memory_kb < 2048
        assert process.descriptors() <= descriptors
        assert process.leftovers() == []
        assert process.close() == 0
    assert len(process.metrics()) == 200


def test_nothing_of_an_invocation_is_lost(sim, tmp_path):
    """With sanitizers, leaks are found when the process ends."""
    simulator = sim(*ACCOUNTS)
    world, events = World(simulator, tmp_path), events_for(simulator)
    with function(tmp_path / "warm", world.env, binary=BOOTSTRAP) as (api, process):
        for event in events:
            world.ask(api, event)
        assert process.leftovers() == []
        assert process.close() == 0
