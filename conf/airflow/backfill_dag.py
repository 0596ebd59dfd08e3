"""Airflow DAG `backfill`: check -> plan -> approval (where wanted) -> run -> verify.

Put this file and backfill_operator.py into the DAGs folder, make a connection `backfill` (host, schema, login, password),
and tell the workers in BACKFILL_COMMAND how the job is started, as in

    /opt/backfill/job/bin/backfill
    spark-submit --master yarn --class backfill.Main /opt/backfill/backfill.jar

Every task can be run again at any time: a rerun reads anew and writes what is missing. A retry waits for the site's
default_task_retry_delay, the next one twice as long, none longer than an hour. BACKFILL_POOL names the pool that the
tasks take a slot of, which must be there (default: default_pool); make one where several DAGs write to one server. The
DAG processor must know both variables, too. BACKFILL_REPORTS names where the report of `plan` waits until it is approved:
a directory that all workers have, or a URI that Hadoop writes (default: the workers' directory for temporary files). The
run gets exactly this report, and does no more than it says: see `backfill help approval`.
"""

import inspect
import os
import re
import shlex
import tempfile
from datetime import timedelta

from airflow.providers.standard.operators.hitl import ApprovalOperator, HITLOperator
from airflow.sdk import DAG, BaseOperator, Param

from backfill_operator import BackfillOperator

SUBMIT = shlex.split(os.environ.get("BACKFILL_COMMAND", "backfill"))
POOL = os.environ.get("BACKFILL_POOL", "default_pool")

REPORTS = os.environ.get("BACKFILL_REPORTS") or tempfile.gettempdir()

# After this a task is over: the job is asked to stop between two batches, and a retry goes on from there. A dry run
# approves a run that begins within approve-within (24 h) after it.
TIMEOUTS = {
    "check": timedelta(minutes=30),
    "plan": timedelta(hours=6),
    "approval": timedelta(hours=20),
    "run": timedelta(hours=24),
    "verify": timedelta(hours=6),
}

# Airflow 3.1 wants to know whether, later ones by how much.
DOUBLED = True if BaseOperator.retry_exponential_backoff is False else 2.0

# How an approval is told how long it may wait; later versions of the provider have a word of their own.
RESPONSE_TIMEOUT = (
    "response_timeout" if "response_timeout" in inspect.signature(HITLOperator.__init__).parameters else "execution_timeout"
)

# The plan's limits, each a field; `none` and exceptions are the plan's to say, or `set`.
LIMITS = {
    "rejected-rows": "Rows of the whole run that the database may refuse",
    "drift-percent": "How many more rows a step may add or set than were approved, in percent",
    "rows-inserted": "Rows that a step may add",
    "rows-set": "Rows that a step may set",
    "growth-percent": "What the added rows may be, in percent of those there",
    "pairs-for-one-user": "Pairs that one user may have who gains any",
    "users-of-one-object": "Users that one object may have which gains any",
    "rows-deleted": "Rows that a step may delete, with those that go along",
    "surplus-percent": "What of the target may be deleted as surplus, in percent",
}


def options(context, jinja_env=None):
    """The words that the run's parameters make, for every command."""
    params, ti = context["params"], context["ti"]
    words = [f"--label=airflow={ti.dag_id}/{ti.run_id}/{ti.task_id}/{ti.try_number}"]
    for limit in LIMITS:
        value = params[f"limits.{limit}"]
        words += [] if value is None else [f"--set=limits.{limit}={value}"]
    words += [f"--set=params.{name}={text(value)}" for name, value in params["params"].items()]
    for option in ("label", "set", "only", "from", "until"):
        given = params[option]
        for value in given if isinstance(given, list) else [given] if given else []:
            words.append(f"--{option}={value}")
    return words


def text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def report_of_plan(ti):
    """Where `plan` writes what is to be approved; one file for each run of the DAG."""
    name = re.sub(r"[^A-Za-z0-9._-]", "-", f"{ti.dag_id}-{ti.run_id}")
    return f"{REPORTS.rstrip('/')}/{name}.json"


def options_of_plan(context, jinja_env=None):
    return options(context) + [f"--report={report_of_plan(context['ti'])}"]


def options_of_run(context, jinja_env=None):
    words = options(context)
    approval = context["ti"].xcom_pull(task_ids="approval")
    if approval:
        words.append(f"--approved={report_of_plan(context['ti'])}")
        words.append(f"--approved-by={approval['responded_by_user']['name']}")
    report = context["params"]["report"]
    return words + ([f"--report={report}"] if report else [])


def connections(context, jinja_env=None):
    return context["params"]["connections"]


class Approval(ApprovalOperator):
    """Waits for a person to approve what `plan` counted, if the run's parameters want it."""

    def execute(self, context):
        if not context["params"]["approval"]:
            self.log.info("no approval is wanted: parameter approval is false")
            return None
        return super().execute(context)


def task(command, options_of_task=options):
    return BackfillOperator(
        task_id=command,
        command=command,
        plan="{{ params.plan }}",
        options=options_of_task,
        connections=connections,
        submit=SUBMIT,
        execution_timeout=TIMEOUTS[command],
    )


def words(description):
    return Param([], type="array", items={"type": "string", "minLength": 1}, description=description)


def word(description):
    return Param(None, type=["null", "string"], minLength=1, description=description)


def limit(name, description):
    most = {"surplus-percent": 100, "growth-percent": 1_000_000, "drift-percent": 1_000_000}.get(name, 1_000_000_000_000)
    return Param(
        None,
        type=["null", "integer"],
        minimum=0,
        maximum=most,
        title=name,
        section="Limits",
        description=f"{description}; empty: as the plan says",
    )


with DAG(
    dag_id="backfill",
    description="Fills derived PostgreSQL tables with Spark, and proves what it wrote",
    schedule=None,
    catchup=False,
    # A second run would end with 75 (another run holds the plan) and be retried; here it waits in the queue instead.
    max_active_runs=1,
    default_args={
        "retries": 5,
        "retry_exponential_backoff": DOUBLED,
        "max_retry_delay": timedelta(hours=1),
        "pool": POOL,
    },
    params={
        "plan": Param(
            "defectdojo-authorized-users",
            type="string",
            pattern="^[^-]",
            description="A shipped plan's name, a path on the workers, or a URI that Hadoop reads",
        ),
        "approval": Param(True, type="boolean", description="Whether a person must approve the plan's counts before the run"),
        "params": Param(
            {},
            type="object",
            propertyNames={"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
            additionalProperties={"type": ["string", "number", "boolean"]},
            description="The plan's own parameters, by name, as in {\"seatless\": \"delete\"}",
        ),
        "label": word("A note for the ledger and the report"),
        "set": Param(
            [],
            type="array",
            items={"type": "string", "pattern": "^[a-z][A-Za-z0-9_.-]*="},
            description="Settings, as in write.writers=4",
        ),
        "only": words("These steps alone"),
        "from": word("Begin with this step"),
        "until": word("End with this step"),
        "report": word("Where the run's report goes: a path on the workers, or a URI that Hadoop writes"),
        "connections": Param(
            {"BACKFILL": "backfill"},
            type="object",
            propertyNames={"pattern": "^[A-Z][A-Z0-9_]*$"},
            additionalProperties={"type": "string", "minLength": 1},
            required=["BACKFILL"],
            description="The databases: what their variables begin with, and the Airflow connection of each",
        ),
    }
    | {f"limits.{name}": limit(name, description) for name, description in LIMITS.items()},
    tags=["backfill"],
    doc_md=__doc__,
):
    approval = Approval(
        task_id="approval",
        # Without an answer in time nothing is run; it is not asked again.
        retries=0,
        **{RESPONSE_TIMEOUT: TIMEOUTS["approval"]},
        subject="Run backfill {{ params.plan }}?",
        body="""{% set plan = ti.xcom_pull(task_ids='plan') %}
| planned | already present | foreign | to insert | to update | to delete | rejected | surplus |
|--:|--:|--:|--:|--:|--:|--:|--:|
|{% for key in ['planned', 'alreadyPresent', 'foreign', 'toInsert', 'toUpdate', 'toDelete', 'rejected', 'surplus'] %} {{
    '–' if plan[key] is none else plan[key] }} |{% endfor %}

{% if plan.get('wouldRefuse') %}**A limit refuses this run: it would end with exit code {{ plan['wouldRefuse'] }}.**

{% endif %}The run adds and sets no more than this, but for `limits.drift-percent`, and deletes no more. The log of
task `plan` names who would gain and lose most, what would be set, and each warning.""",
    )
    task("check") >> task("plan", options_of_plan) >> approval >> task("run", options_of_run) >> task("verify")
