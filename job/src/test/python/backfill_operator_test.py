"""The operator and the DAG of conf/airflow, with scripts in the place of the job."""

import copy
import json
import os
import re
import runpy
import signal
import stat
import tempfile
import threading
import time
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path
from unittest import mock

from structlog.testing import capture_logs

from airflow.models.taskinstance import TaskInstance
from airflow.sdk import Connection

try:
    from airflow.serialization.serialized_objects import DagSerialization
except ImportError:  # Airflow 3.1
    from airflow.serialization.serialized_objects import SerializedDAG as DagSerialization

import backfill_dag
from backfill_operator import (
    AirflowException,
    AirflowFailException,
    AirflowNotFoundException,
    BackfillOperator,
    Outcome,
    environment_of,
    inherited,
    last_line,
    outcome_of,
)

PASSWORD = "a password that is nowhere else"
RETRIED, FAILED = Outcome.RETRIED, Outcome.FAILED

# What a job does until it is asked to stop; it ends by itself, so that a test that fails leaves nothing behind.
WORK = "for i in {1..400}; do sleep 0.05; done"


class Pushed(dict):
    """A task instance that keeps what is pushed."""

    def xcom_push(self, key, value):
        self[key] = value


class ExitCodes(unittest.TestCase):
    def test_each_code_means_what_the_readme_says(self):
        cases = {
            0: Outcome.DONE, 8: Outcome.WARNED,
            2: FAILED, 3: FAILED, 5: FAILED, 7: FAILED, 70: FAILED, 126: FAILED, 127: FAILED,
            1: RETRIED, 4: RETRIED, 6: RETRIED, 75: RETRIED, 130: RETRIED, 143: RETRIED, -9: RETRIED, -15: RETRIED, 137: RETRIED,
        }
        for code, expected in cases.items():
            with self.subTest(code=code):
                # Of 4 and 6 the job says whether trying again may help.
                self.assertIs(outcome_of(code, {"retryable": code in (4, 6)}), expected)
                self.assertIs(outcome_of(code, {}), expected)

    def test_three_is_retried_only_where_the_job_could_not_connect(self):
        self.assertIs(outcome_of(3, {"retryable": True}), RETRIED)
        self.assertIs(outcome_of(3, {"retryable": "true"}), FAILED)

    def test_retryable_changes_no_other_code(self):
        for code in (2, 5, 7, 70):
            with self.subTest(code=code):
                self.assertIs(outcome_of(code, {"retryable": True}), FAILED)

    def test_every_code_of_the_readme_is_known(self):
        readme = (Path(os.environ["BACKFILL_CHECKOUT"]) / "README.md").read_text()
        table = readme.split("\n## Exit codes\n")[1].split("\n## ")[0]
        codes = {int(code) for cell in re.findall(r"(?m)^\| ([\d, ]+) \|", table) for code in cell.split(",")}
        self.assertEqual(codes, {0, 2, 3, 4, 5, 6, 7, 8, 70, 75, 130, 143})

    def test_only_the_jobs_own_line_counts(self):
        self.assertEqual(last_line('{"exitCode": 3, "retryable": true}')["retryable"], True)
        for text in ("", "[1]", "not JSON", '{"retryable": true}', "3"):
            with self.subTest(text=text):
                self.assertEqual(last_line(text), {})


class Connections(unittest.TestCase):
    def of(self, prefix="BACKFILL", **fields):
        known = {"conn_id": "db", "conn_type": "generic", "host": "db.example.org", "schema": "app", "login": "loader"}
        return environment_of(prefix, Connection(**(known | fields)))

    def test_becomes_the_jobs_variables(self):
        self.assertEqual(
            self.of(prefix="BACKFILL_CI", port=6432, password=PASSWORD),
            {
                "BACKFILL_CI_URL": "jdbc:postgresql://db.example.org:6432/app",
                "BACKFILL_CI_USER": "loader",
                "BACKFILL_CI_PASSWORD": PASSWORD,
            },
        )

    def test_extras_become_parameters_of_every_url(self):
        extra = json.dumps({"sslmode": "verify-full", "sslrootcert": "/etc/ca & co.pem", "read_host": "replica:5433"})
        environment = self.of(extra=extra)
        parameters = "?sslmode=verify-full&sslrootcert=%2Fetc%2Fca+%26+co.pem"
        self.assertEqual(environment["BACKFILL_URL"], "jdbc:postgresql://db.example.org:5432/app" + parameters)
        self.assertEqual(environment["BACKFILL_READ_URL"], "jdbc:postgresql://replica:5433/app" + parameters)

    def test_password_file_takes_the_passwords_place(self):
        environment = self.of(password=PASSWORD, extra='{"password_file": "/run/secrets/db"}')
        self.assertEqual(environment["BACKFILL_PASSWORD_FILE"], "/run/secrets/db")
        self.assertNotIn("BACKFILL_PASSWORD", environment)

    def test_addresses_and_names_with_special_characters(self):
        self.assertEqual(self.of(host="::1", schema="a/b?c")["BACKFILL_URL"], "jdbc:postgresql://[::1]:5432/a%2Fb%3Fc")

    def test_every_mistake_is_named_at_once(self):
        with self.assertRaises(AirflowFailException) as raised:
            self.of(host=None, login=None, extra='{"ssl_mode": "require"}')
        self.assertEqual(
            str(raised.exception),
            "connection db: host is not set; login is not set; extra ssl_mode is not known, expected one of sslmode,"
            " sslrootcert, sslcert, sslkey, targetServerType, read_host, password_file",
        )

    def test_worker_passes_on_neither_airflows_secrets_nor_another_database(self):
        environment = {
            "PATH": "/bin", "BACKFILL_SUBMIT_ARGS": "--master yarn", "AIRFLOW__CORE__FERNET_KEY": "k", "AIRFLOW_CONN_X": "x",
            "_AIRFLOW_PROCESS": "p", "BACKFILL_PASSWORD": "old", "BACKFILL_CI_URL": "old",
        }
        self.assertEqual(
            inherited(environment, ["BACKFILL", "BACKFILL_CI"]), {"PATH": "/bin", "BACKFILL_SUBMIT_ARGS": "--master yarn"}
        )


class Processes(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        connection = {
            "conn_type": "generic", "host": "db", "schema": "app", "login": "loader", "password": PASSWORD,
        }
        patched = mock.patch.dict(os.environ, {"AIRFLOW_CONN_BACKFILL": json.dumps(connection)})
        patched.start()
        self.addCleanup(patched.stop)
        self.pushed = Pushed()

    def operator(self, *lines, **arguments):
        script = self.directory / "submit"
        script.write_text("\n".join(("#!/bin/bash", *lines)) + "\n")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        arguments = {"submit": [str(script)], "options": ["--set", "a=b c"]} | arguments
        return BackfillOperator(task_id="run", command="run", plan="some-plan", **arguments)

    def execute(self, operator):
        return operator.execute({"ti": self.pushed})

    def test_script_that_exits_with_each_code(self):
        line = '{"exitCode":%d,"retryable":%s,"inserted":7,"planned":9,"rejected":2}'
        for code in (0, 2, 3, 4, 5, 6, 7, 8, 70, 75, 130, 143):
            for retryable in ("true", "false"):
                with self.subTest(code=code, retryable=retryable):
                    self.pushed.clear()
                    text = line % (code, retryable)
                    operator = self.operator(f"echo first; echo '{text}'; echo log >&2; exit {code}")
                    if code in (0, 8):
                        self.assertEqual(self.execute(operator), json.loads(text))
                    else:
                        retried = code in (75, 130, 143) or (code in (3, 4, 6) and retryable == "true")
                        with self.assertRaisesRegex(AirflowException, f"backfill run some-plan ended with exit code {code}: ") as e:
                            self.execute(operator)
                        self.assertEqual(isinstance(e.exception, AirflowFailException), not retried)
                        self.assertEqual(self.pushed, {"return_value": json.loads(text)})

    def test_rejected_rows_are_a_warning(self):
        operator = self.operator("""echo '{"exitCode":8,"rejected":2,"planned":9}'; exit 8""")
        with capture_logs() as logs:
            self.execute(operator)
        said = {one["event"]: one["log_level"] for one in logs}
        self.assertEqual(
            said["backfill run some-plan ended with exit code 8: done, with rejected rows: 2 of 9"], "warning"
        )

    def test_words_are_one_each_and_the_password_is_in_the_environment_alone(self):
        seen = self.directory / "seen"
        operator = self.operator(
            f"""printf '%s\\n' "$@" > {seen}; tr '\\0' '\\n' < /proc/$$/cmdline >> {seen}""",
            f"""[ "$BACKFILL_PASSWORD" = '{PASSWORD}' ] && [ -z "$AIRFLOW_CONN_BACKFILL" ] || exit 9""",
            """echo "$BACKFILL_URL" >&2; echo '{"exitCode":0}'""",
        )
        with capture_logs() as logs:
            self.execute(operator)
        self.assertEqual(seen.read_text().splitlines()[:4], ["run", "some-plan", "--set", "a=b c"])
        self.assertIn("jdbc:postgresql://db:5432/app", str(logs))
        rendered = {field: getattr(operator, field) for field in operator.template_fields}
        for place in (seen.read_text(), str(logs), str(rendered), repr(vars(operator))):
            self.assertNotIn(PASSWORD, place)

    def test_killed_job_is_retried(self):
        with self.assertRaisesRegex(AirflowException, "exit code -9: may succeed later"):
            self.execute(self.operator("kill -KILL $$"))
        self.assertEqual(self.pushed, {"return_value": {}})

    def test_on_kill_waits_until_the_batch_is_done(self):
        began, done = self.directory / "began", self.directory / "done"
        operator = self.operator(
            f"trap 'sleep 0.5; touch {done}; exit 143' TERM", f"touch {began}; {WORK}"
        )
        ended = []
        thread = threading.Thread(target=lambda: ended.append(self.fails(operator)))
        thread.start()
        self.wait_for(began.exists)
        operator.on_kill()
        self.assertTrue(done.exists())
        thread.join()
        self.assertIn("exit code 143: may succeed later", ended[0])

    def test_on_kill_ends_what_does_not_stop(self):
        began = self.directory / "began"
        operator = self.operator("trap '' TERM", f"touch {began}; {WORK}")
        ended = []
        thread = threading.Thread(target=lambda: ended.append(self.fails(operator)))
        thread.start()
        self.wait_for(began.exists)
        with mock.patch("backfill_operator.PATIENCE_SECONDS", 0.2):
            operator.on_kill()
        thread.join()
        self.assertIn("exit code -9", ended[0])

    def test_job_is_asked_to_stop_when_its_task_is_killed(self):
        began, done = self.directory / "began", self.directory / "done"
        operator = self.operator(
            f"trap 'sleep 0.2; touch {done}; exit 143' TERM", f"touch {began}; {WORK}"
        )
        task = os.fork()
        if task == 0:
            try:
                operator.execute({"ti": Pushed()})
            finally:
                os._exit(1)
        self.wait_for(began.exists)
        os.kill(task, signal.SIGKILL)
        os.waitpid(task, 0)
        self.wait_for(done.exists)

    def test_command_that_is_not_there_fails_for_good(self):
        with self.assertRaisesRegex(AirflowFailException, "there is no program .*/none: set BACKFILL_COMMAND"):
            self.execute(self.operator(submit=[str(self.directory / "none")]))

    def test_connection_that_is_not_there_fails_for_good(self):
        # As a task gets it from Airflow; there is no Airflow to ask here.
        absent = mock.patch("backfill_operator.BaseHook.get_connection", side_effect=AirflowNotFoundException)
        with absent, self.assertRaisesRegex(AirflowFailException, "there is no connection absent, which BACKFILL names: add it"):
            self.execute(self.operator(connections={"BACKFILL": "absent"}))

    def fails(self, operator):
        try:
            return self.execute(operator)
        except AirflowException as e:
            return str(e)

    def wait_for(self, condition):
        end = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)


class Dag(unittest.TestCase):
    dag = backfill_dag.approval.dag

    def test_tasks_follow_each_other_one_run_at_a_time(self):
        order, task = [], self.dag.roots[0]
        while task:
            order.append(task.task_id)
            task = next(iter(task.downstream_list), None)
        self.assertEqual(order, ["check", "plan", "approval", "run", "verify"])
        self.assertEqual(self.dag.max_active_runs, 1)

    def test_scheduler_gets_all_of_it(self):
        read = DagSerialization.from_dict(DagSerialization.to_dict(self.dag))
        self.assertEqual([task.task_id for task in read.tasks], [task.task_id for task in self.dag.tasks])
        self.assertEqual({task.pool for task in read.tasks}, {"default_pool"})
        self.assertEqual(set(read.params), set(self.dag.params))

    def test_defaults_are_valid(self):
        self.dag.params.validate()

    def test_wrong_parameters_are_refused(self):
        for name, value in {
            "plan": "--help", "approval": "yes", "set": ["no value"], "only": "step", "label": 3,
            "connections": {"backfill": "x"}, "from": 1, "params": {"a b": 1}, "limits.rows-deleted": -1,
            "limits.surplus-percent": 101, "limits.rows-set": "none",
        }.items():
            with self.subTest(name=name), self.assertRaisesRegex(Exception, "(?i)invalid input for param"):
                params = copy.deepcopy(self.dag.params)
                params[name] = value
                params.validate()

    def test_parameters_become_words(self):
        params = {
            "label": "a b", "set": ["write.writers=4", "params.x=1"], "only": [], "from": "second", "until": None,
            "report": "s3a://reports/run.json", "params": {"seatless": "delete", "custom_roles": True, "newest": 20},
        } | {f"limits.{name}": None for name in backfill_dag.LIMITS} | {"limits.rows-deleted": 0, "limits.rows-set": 100}
        ti = mock.Mock(dag_id="backfill", run_id="r", task_id="run", try_number=2)
        ti.xcom_pull.return_value = {"responded_by_user": {"id": "7", "name": "anna"}}
        common = ["--label=airflow=backfill/r/run/2", "--set=limits.rows-set=100", "--set=limits.rows-deleted=0"]
        common += ["--set=params.seatless=delete", "--set=params.custom_roles=true", "--set=params.newest=20"]
        common += ["--label=a b", "--set=write.writers=4", "--set=params.x=1", "--from=second"]
        context = {"params": params, "ti": ti}
        self.assertEqual(backfill_dag.options(context), common)
        report = f"{tempfile.gettempdir()}/backfill-r.json"
        self.assertEqual(backfill_dag.options_of_plan(context), [*common, f"--report={report}"])
        self.assertEqual(
            backfill_dag.options_of_run(context),
            [*common, f"--approved={report}", "--approved-by=anna", "--report=s3a://reports/run.json"],
        )
        ti.xcom_pull.return_value = None
        self.assertEqual(backfill_dag.options_of_run(context), [*common, "--report=s3a://reports/run.json"])

    def test_report_that_waits_for_its_approval_is_where_the_site_says(self):
        ti = mock.Mock(dag_id="backfill", run_id="manual__2026-01-01T00:00:00+00:00")
        with mock.patch.dict(os.environ, {"BACKFILL_REPORTS": "s3a://reports/waiting/"}):
            report_of_plan = runpy.run_path(backfill_dag.__file__)["report_of_plan"]
        self.assertEqual(report_of_plan(ti), "s3a://reports/waiting/backfill-manual__2026-01-01T00-00-00-00-00.json")

    def test_every_limit_of_the_plan_language_is_a_field(self):
        reference = (Path(os.environ["BACKFILL_CHECKOUT"]) / "job/src/main/resources/reference.conf").read_text()
        section = reference.split("# ---- limits ----")[1].split("limits {")[1]
        self.assertEqual(set(backfill_dag.LIMITS), set(re.findall(r"(?m)^ +([\w-]+) = ", section)))
        self.assertEqual({f"limits.{name}" for name in backfill_dag.LIMITS} - set(self.dag.params), set())

    def test_every_task_ends_in_time_and_takes_a_slot_of_the_pool(self):
        for task in self.dag.tasks:
            with self.subTest(task=task.task_id):
                # An approval may keep its own in a field of its own.
                timeout = task.execution_timeout or task.response_timeout
                self.assertEqual(timeout, backfill_dag.TIMEOUTS[task.task_id])
                self.assertEqual(task.pool, "default_pool")

    def test_pool_is_the_sites(self):
        with mock.patch.dict(os.environ, {"BACKFILL_POOL": "databases"}):
            dag = runpy.run_path(backfill_dag.__file__)["approval"].dag
        self.assertEqual({task.pool for task in dag.tasks}, {"databases"})

    def test_a_retry_waits_twice_as_long_as_the_one_before(self):
        run = self.dag.get_task("run")
        self.assertEqual((run.retries, run.max_retry_delay), (5, timedelta(hours=1)))
        waits = [self.wait_of(run, attempt) for attempt in (1, 2, 3, 10)]
        for attempt, wait in enumerate(waits[:3]):
            # Airflow spreads it a little, so that not all tasks come back at once.
            self.assertGreaterEqual(wait, run.retry_delay * 2**attempt / 2)
            self.assertLessEqual(wait, run.retry_delay * 2 ** (attempt + 1))
        self.assertEqual(waits[3], timedelta(hours=1))

    def wait_of(self, task, attempt):
        """How long Airflow's scheduler would let a task wait behind an attempt."""
        end = datetime(2026, 1, 1, tzinfo=timezone.utc)
        ti = mock.Mock(
            task=task, try_number=attempt, end_date=end, dag_id="backfill", task_id="run", logical_date=end,
            retry_delay_override=None,
        )
        return TaskInstance.next_retry_datetime(ti) - end

    def test_without_an_approval_no_one_is_asked(self):
        self.assertIsNone(backfill_dag.approval.execute({"params": {"approval": False}}))


if __name__ == "__main__":
    unittest.main()
