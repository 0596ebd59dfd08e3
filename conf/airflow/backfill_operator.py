"""An Airflow operator for one command of the job, run as a process beside the task.

It differs from a submit operator in two things. The password goes from the connection into the process's environment and
nowhere else: it is in no command line, no log, no rendered template. And each exit code means what the job says it means:
what a later attempt may cure is retried, what somebody must look at first fails for good.

The driver is that process, so its environment must reach it: local mode, and client mode on any cluster. In cluster mode
the driver is elsewhere, and the password belongs into a secret there (see conf/kubernetes).
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import threading
from contextvars import copy_context
from enum import Enum
from urllib.parse import quote, urlencode

from airflow.sdk import BaseHook, BaseOperator

try:
    from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowNotFoundException
except ImportError:  # Airflow 3.1 has them in its core alone
    from airflow.exceptions import AirflowException, AirflowFailException, AirflowNotFoundException

# What the driver's URL takes from a connection's extras; another one is a mistake that nobody would see otherwise.
URL_EXTRAS = ("sslmode", "sslrootcert", "sslcert", "sslkey", "targetServerType")
OTHER_EXTRAS = ("read_host", "password_file")

# The job needs 5 s to stop between two batches; this is for a machine that is busy.
PATIENCE_SECONDS = 30


class Outcome(Enum):
    """What a task makes of an exit code."""

    DONE = "done"
    WARNED = "done, with rejected rows"
    RETRIED = "may succeed later"
    FAILED = "needs somebody to look first"


def outcome_of(exit_code, line):
    """What an exit code means, by the table in the README.

    :param exit_code: the process's; negative where a signal killed it, which a rerun cures
    :param line: the last line of standard output as a dict; empty where the job came to none
    """
    match exit_code:
        case 0:
            return Outcome.DONE
        case 8:
            return Outcome.WARNED
        case 3:
            # Not ready is for good; a server that did not answer may do so later, and only the job knows which it was.
            return Outcome.RETRIED if line.get("retryable") is True else Outcome.FAILED
        case 2 | 5 | 7 | 70 | 126 | 127:
            return Outcome.FAILED
        case 4 | 6 if line.get("retryable") is False:
            # A query that fails for a row, a right that is missing: every attempt fails so.
            return Outcome.FAILED
        case _:
            # 4, 6, 75, 130, 143, signals, and what Spark itself ends with before the job has begun.
            return Outcome.RETRIED


def last_line(text):
    """The job's last line of standard output as a dict; empty where it is none of the job's."""
    try:
        line = json.loads(text)
    except ValueError:
        return {}
    return line if isinstance(line, dict) and "exitCode" in line else {}


def environment_of(prefix, connection):
    """The variables that tell the job of one database, from an Airflow connection."""
    extras = connection.extra_dejson
    unknown = sorted(set(extras) - set(URL_EXTRAS) - set(OTHER_EXTRAS))
    missing = [part for part in ("host", "schema", "login") if not getattr(connection, part)]
    if unknown or missing:
        raise AirflowFailException(
            f"connection {connection.conn_id}: "
            + "; ".join(
                [f"{part} is not set" for part in missing]
                + [f"extra {key} is not known, expected one of {', '.join(URL_EXTRAS + OTHER_EXTRAS)}" for key in unknown]
            )
        )
    parameters = urlencode({key: extras[key] for key in URL_EXTRAS if key in extras})
    port = connection.port or 5432

    def url(host_and_port):
        return f"jdbc:postgresql://{host_and_port}/{quote(connection.schema, safe='')}" + (parameters and "?" + parameters)

    host = f"[{connection.host}]" if ":" in connection.host else connection.host
    environment = {f"{prefix}_URL": url(f"{host}:{port}"), f"{prefix}_USER": connection.login}
    if "read_host" in extras:
        environment[f"{prefix}_READ_URL"] = url(extras["read_host"])
    if "password_file" in extras:
        environment[f"{prefix}_PASSWORD_FILE"] = extras["password_file"]
    elif connection.password:
        environment[f"{prefix}_PASSWORD"] = connection.password
    return environment


def inherited(environment, prefixes):
    """What the job gets of the worker's own environment: none of Airflow's secrets, and no other database."""
    ours = tuple(f"{prefix}_{name}" for prefix in prefixes for name in ("URL", "READ_URL", "USER", "PASSWORD", "PASSWORD_FILE"))
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(("AIRFLOW_", "_AIRFLOW_")) and name not in ours
    }


class BackfillOperator(BaseOperator):
    """One command of the job. Its XCom is the job's last line: status, exit code, counts.

    :param command: check, plan, run or verify
    :param plan: a shipped plan's name, a path, or a URI that Hadoop reads
    :param options: further words, or a function of the task's context that gives them
    :param connections: which Airflow connection is which database: the prefix of the job's variables -> connection id,
        or a function of the context that gives this
    :param submit: the words before the command: the launcher, or spark-submit with its own options and the job's jar
    """

    template_fields = ("plan", "options", "connections")
    ui_color = "#d8e8f4"

    def __init__(self, *, command, plan, options=(), connections=None, submit=("backfill",), **kwargs):
        super().__init__(**kwargs)
        self.command = command
        self.plan = plan
        self.options = options
        self.connections = connections or {"BACKFILL": "backfill"}
        self.submit = list(submit)
        self.process = None

    def execute(self, context):
        words = [*self.submit, self.command, self.plan, *self.options]
        exit_code, line = self.run_process(words, self.environment())
        outcome = outcome_of(exit_code, line)
        said = f"backfill {self.command} {self.plan} ended with exit code {exit_code}: {outcome.value}"
        if outcome in (Outcome.RETRIED, Outcome.FAILED):
            # A failed task returns nothing, and how far it came is what people look for.
            context["ti"].xcom_push(key="return_value", value=line)
            raise (AirflowException if outcome is Outcome.RETRIED else AirflowFailException)(said)
        if outcome is Outcome.WARNED:
            self.log.warning("%s: %s of %s", said, line.get("rejected"), line.get("planned"))
        return line

    def environment(self):
        environment = inherited(os.environ, self.connections)
        for prefix, connection_id in self.connections.items():
            try:
                connection = BaseHook.get_connection(connection_id)
            except AirflowNotFoundException as e:
                raise AirflowFailException(f"there is no connection {connection_id}, which {prefix} names: add it") from e
            environment.update(environment_of(prefix, connection))
        return environment

    def run_process(self, words, environment):
        """Runs the job to its end; its output is the task's log.

        It gets a session of its own: Airflow kills a task's whole process group 5 s after asking it to end, and the job
        would be killed in the middle of a batch. So that it still never outlives its task, the kernel sends it SIGTERM
        when the task is gone, where setpriv (of util-linux) is there to arrange this.
        """
        if shutil.which(words[0]) is None:
            raise AirflowFailException(
                f"there is no program {words[0]}: set BACKFILL_COMMAND to the launcher, or to spark-submit with its options"
            )
        setpriv = shutil.which("setpriv")
        self.log.info("running %s", shlex.join(words))
        self.process = subprocess.Popen(
            [setpriv, "--pdeathsig", "TERM", *words] if setpriv else words,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        log = threading.Thread(target=copy_context().run, args=(self.pass_on, self.process.stderr), daemon=True)
        log.start()
        last = ""
        for text in self.process.stdout:
            last = text.strip() or last
            self.log.info(text.rstrip())
        log.join()
        return self.process.wait(), last_line(last)

    def pass_on(self, stream):
        for text in stream:
            self.log.info(text.rstrip())

    def on_kill(self):
        """Asks the job to stop, and waits until it has, between two batches."""
        if self.process is None or self.process.poll() is not None:
            return
        self.log.info("asking process %s to stop between two batches", self.process.pid)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.log.warning("process %s has not stopped within %s s: killing it", self.process.pid, PATIENCE_SECONDS)
            self.process.kill()
