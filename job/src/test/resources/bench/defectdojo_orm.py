"""The work of the plan defectdojo-authorized-users on its pairs, as an application of Django does it: the grants into a
Python set, the set into the table by bulk_create, a thousand rows a statement, conflicts ignored, all in one transaction.

The environment names the database as it does for the job (BACKFILL_URL, _USER, _PASSWORD). Prints the milliseconds from
the first connection to the commit, without the start of Python and the import of Django.
"""

import os
import re
import time

import django
from django.conf import settings

PLACE = re.fullmatch(r"jdbc:postgresql://(?P<host>[^/:?]+)(?::(?P<port>\d+))?/(?P<name>[^?]+)(?:\?.*)?", os.environ["BACKFILL_URL"])

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": PLACE["host"],
            "PORT": PLACE["port"] or "5432",
            "NAME": PLACE["name"],
            "USER": os.environ["BACKFILL_USER"],
            "PASSWORD": os.environ["BACKFILL_PASSWORD"],
        }
    },
    INSTALLED_APPS=[],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
django.setup()

from django.db import connection, models, transaction  # noqa: E402 (needs the settings)


def table(name, *columns):
    """A model of a table that others manage; each column is the number of a row elsewhere."""
    body = {column: models.IntegerField() for column in columns}
    body["__module__"] = __name__
    body["Meta"] = type("Meta", (), {"app_label": "dojo", "managed": False, "db_table": name})
    return type("".join(word.title() for word in name.split("_")), (models.Model,), body)


GROUP_MEMBER = table("dojo_dojo_group_member", "group_id", "user_id")

# What carries the grants of users, of groups, and the pairs; and the column that names the object.
LISTS = [
    (
        "product_id",
        table("dojo_product_member", "product_id", "user_id"),
        table("dojo_product_group", "product_id", "group_id"),
        table("dojo_product_authorized_users", "product_id", "dojo_user_id"),
    ),
    (
        "product_type_id",
        table("dojo_product_type_member", "product_type_id", "user_id"),
        table("dojo_product_type_group", "product_type_id", "group_id"),
        table("dojo_product_type_authorized_users", "product_type_id", "dojo_user_id"),
    ),
]


def backfill():
    users_of = {}
    for group, user in GROUP_MEMBER.objects.values_list("group_id", "user_id").iterator():
        users_of.setdefault(group, []).append(user)
    for column, direct, through, target in LISTS:
        pairs = set(direct.objects.values_list(column, "user_id").iterator())
        for holder, group in through.objects.values_list(column, "group_id").iterator():
            pairs.update((holder, user) for user in users_of.get(group, ()))
        target.objects.bulk_create(
            [target(**{column: holder, "dojo_user_id": user}) for holder, user in pairs],
            batch_size=1000,
            ignore_conflicts=True,
        )


began = time.monotonic()
connection.ensure_connection()
with transaction.atomic():
    backfill()
print(round((time.monotonic() - began) * 1000))
