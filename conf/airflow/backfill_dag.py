"""Airflow DAG `backfill`: check -> plan -> approval (where wanted) -> run -> verify.

Put this file and backfill_operator.py into the DAGs folder, make a connection `backfill` (host, schema, login, password),
and tell the workers in BACKFILL_COMMAND how the job is started, as in

    /opt/backfill/job/bin/backfill
    spark-submit --master yarn --class backfill.Main /opt/backfill/backfill.jar

Every task can be run again at any time: a rerun reads anew and writes what is missing. How long a retry waits is the
site's default_task_retry_delay.
"""

import os
import shlex

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Param

from backfill_operator import BackfillOperator

SUBMIT = shlex.split(os.environ.get("BACKFILL_COMMAND", "backfill"))


def options(context, jinja_env=None):
    """The words that the run's parameters make, for every command."""
    params, ti = context["params"], context["ti"]
    words = [f"--label=airflow={ti.dag_id}/{ti.run_id}/{ti.task_id}/{ti.try_number}"]
    for option in ("label", "set", "only", "from", "until"):
        given = params[option]
        for value in given if isinstance(given, list) else [given] if given else []:
            words.append(f"--{option}={value}")
    return words


def options_of_run(context, jinja_env=None):
    words = options(context)
    approval = context["ti"].xcom_pull(task_ids="approval")
    if approval:
        words.append(f"--label=approved-by={approval['responded_by_user']['name']}")
    report = context["params"]["report"]
    return words + ([f"--report={report}"] if report else [])


def connections(context, jinja_env=None):
    return context["params"]["connections"]


class Approval(ApprovalOperator):
    """Waits for somebody to approve what `plan` counted, if the run's parameters want it."""

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
    )


def words(description):
    return Param([], type="array", items={"type": "string", "minLength": 1}, description=description)


def word(description):
    return Param(None, type=["null", "string"], minLength=1, description=description)


with DAG(
    dag_id="backfill",
    description="Fills derived PostgreSQL tables with Spark, and proves what it wrote",
    schedule=None,
    catchup=False,
    # A second run would end with 75 (another run holds the plan) and be retried; here it waits in the queue instead.
    max_active_runs=1,
    default_args={"retries": 5},
    params={
        "plan": Param(
            "defectdojo-authorized-users",
            type="string",
            pattern="^[^-]",
            description="A shipped plan's name, a path on the workers, or a URI that Hadoop reads",
        ),
        "approval": Param(True, type="boolean", description="Whether somebody must approve the plan's counts before the run"),
        "label": word("A note for the ledger and the report"),
        "set": Param(
            [],
            type="array",
            items={"type": "string", "pattern": "^[a-z][A-Za-z0-9_.-]*="},
            description="Settings and params.NAME, as in write.writers=4",
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
    },
    tags=["backfill"],
    doc_md=__doc__,
):
    approval = Approval(
        task_id="approval",
        subject="Run backfill {{ params.plan }}?",
        body="""{% set plan = ti.xcom_pull(task_ids='plan') %}
| planned | already present | foreign | to insert | to update | to delete | rejected | surplus |
|--:|--:|--:|--:|--:|--:|--:|--:|
|{% for key in ['planned', 'alreadyPresent', 'foreign', 'toInsert', 'toUpdate', 'toDelete', 'rejected', 'surplus'] %} {{
    '–' if plan[key] is none else plan[key] }} |{% endfor %}

{% if plan.get('wouldRefuse') %}**A limit refuses this run: it would end with exit code {{ plan['wouldRefuse'] }}.**

{% endif %}The log of task `plan` names who would gain and lose most, what would be set, and each warning.""",
    )
    task("check") >> task("plan") >> approval >> task("run", options_of_run) >> task("verify")
