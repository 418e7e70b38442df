"""Every command of the manual for operators is one that works as it is printed."""

import re
import shlex

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

MANUAL = (settings.BASE_DIR / "docs/operators.md").read_text()
# Lines that end in a backslash go on.
JOINED = MANUAL.replace("\\\n", " ")
COMMANDS = sorted(set(re.findall(r"deploy/manage (\w[^`\n|]*)", JOINED)))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_takes_these_arguments(command):
    name, *arguments = shlex.split(re.split(r" &&| >", command)[0], comments=True)
    app = get_commands()[name]

    parser = load_command_class(app, name).create_parser("manage.py", name)

    # SystemExit or CommandError for what it does not know.
    parser.parse_args(arguments)


def test_on_a_server_only_deploy_manage_is_typed():
    [_, server] = MANUAL.split("## In production", 1)
    typed = re.findall(r"(?:^ *|`|python )manage\.py \w.*", server, re.M)

    # The programs of the units, in their table.
    assert {re.search(r"manage\.py (\w+)", line)[1] for line in typed} == {
        "run_tasks",
        "run_due",
        "read_bounces",
    }
    assert len(COMMANDS) > 15


def test_files_are_where_the_user_of_the_site_may_write():
    paths = re.findall(r"(?:--to|--report|_subscribers) ([^-]\S*)", " ".join(COMMANDS))

    assert len(paths) > 2
    assert all(path.startswith("/var/lib/ecfr_site/") for path in paths), paths
