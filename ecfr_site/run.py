"""The whole site on one machine: what `make run` starts.

Prepares the database, the static files and, on the first start, the demo content and an
admin account; then keeps the web server, the task worker and the scheduler running
until it is told to stop or one of them dies. Whatever stands in the environment wins
over the defaults below.
"""

import contextlib
import hashlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
# How long a child may finish what it is doing, in seconds.
PATIENCE = 10


def prepare_environment(port):
    """Settings as in production, but on this machine alone and without TLS."""
    given = set(os.environ)
    var = Path(os.environ.setdefault("VAR_DIR", str(BASE_DIR / "var")))
    # Other users of the machine do not read the database in it.
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, value in {
        "DJANGO_SETTINGS_MODULE": "ecfr_site.settings",
        "DEBUG": "off",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "HTTPS": "off",
        "SERVE_MEDIA": "on",
        "SITE_URL": f"http://127.0.0.1:{port}",
        "EMAIL_URL": "outbox://",
        "LOG_LEVEL": "WARNING",
        "LOG_FORMAT": "text",
        "DATABASE_URL": f"sqlite:///{var}/db.sqlite3",
        "BACKUP_HOURS": "0",
    }.items():
        os.environ.setdefault(name, value)
    if "ALLOWED_HOSTS" not in given:
        # Nobody else gets to this machine's site: its first account needs no phone.
        os.environ.setdefault("TWO_FACTOR_GROUPS", "Publishers,Managers")
    if not {"SECRET_KEY", "SECRET_KEY_FILE"} & os.environ.keys():
        os.environ["SECRET_KEY"] = read_or_make_secret(var / "secret_key")


def read_or_make_secret(file):
    """The secret in the file, which only its owner reads; made when there is none."""
    if not file.exists():
        with open(
            os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w"
        ) as new:
            new.write(secrets.token_urlsafe(50))
    return file.read_text()


def prepare_site():
    """Bring database and static files up to date, and fill a new site."""
    import django
    from django.core.management import call_command
    from django.db import OperationalError, connections

    django.setup()
    print("Preparing the database …")
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except OperationalError as error:
        sys.exit(f"The database cannot be used:\n{error}")
    collect_static()
    fill_new_site()
    connections.close_all()


def collect_static():
    """Collect the static files, unless none has changed since the last time."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    sources = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            stat = os.stat(storage.path(name))
            sources.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    stamp = Path(settings.STATIC_ROOT) / ".sources"
    if not stamp.exists() or stamp.read_text() != sources.hexdigest():
        print("Preparing style sheets and scripts …")
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(sources.hexdigest())


def fill_new_site():
    """Load the demo content and make an admin account, unless there is one.

    The account comes last, so that a first start that was interrupted is repeated.
    """
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    accounts = get_user_model().objects
    if accounts.filter(is_superuser=True).exists():
        return
    print("First start: loading the demo content …")
    call_command("load_demo")
    password = secrets.token_urlsafe(9)
    accounts.create_superuser("admin", password=password)
    print("An account for you to write and edit with:")
    print("    user name:  admin")
    print(f"    password:   {password}   (shown this once: note it down)")


def start(*command):
    """A child in a process group of its own, which Ctrl-C does not reach."""
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=BASE_DIR,
        stdin=subprocess.DEVNULL,
        process_group=0,
    )


# Waits until its input ends, as it does when whoever started it was killed, then ends
# the process groups that it was given.
GUARD = """
import os, signal, sys, time
sys.stdin.read()
for number in (signal.SIGTERM, signal.SIGKILL):
    for group in map(int, sys.argv[2:]):
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            pass
    time.sleep(float(sys.argv[1]) if number == signal.SIGTERM else 0)
"""


def start_guard(children):
    """A process that ends the children if this one is killed (SIGKILL)."""
    return subprocess.Popen(
        [sys.executable, "-c", GUARD, str(PATIENCE), *(str(c.pid) for c in children)],
        stdin=subprocess.PIPE,
        process_group=0,
    )


def keep_running(commands, once_started):
    """Run the commands, by name, until a signal comes, the terminal goes or one ends.

    Calls `once_started` in between until it returns True. Returns the name of the
    command that ended by itself, or None. No child is left behind.
    """
    signals = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
            continue  # Started with nohup: outlives its terminal.
        signal.signal(number, lambda number, frame: signals.append(number))
    # A closed terminal tells only its first process, and make keeps that to itself.
    has_terminal = os.isatty(0)
    # With make killed there is nobody left who could end this.
    maker = os.getppid() if "MAKELEVEL" in os.environ else None
    children = {}
    started = ended = guard = None
    try:
        for name, command in commands.items():
            children[name] = start(*command)
        guard = start_guard(children.values())
        while not signals and not ended:
            time.sleep(0.1)
            started = started or once_started()
            ended = next((n for n, c in children.items() if c.poll() is not None), None)
            if has_terminal and not os.isatty(0):
                break
            if maker and os.getppid() != maker:
                break
    finally:
        stop(children.values(), hurry=lambda: signals.count(signal.SIGINT) > 1)
        if guard:
            guard.kill()
            guard.wait()
    return None if signals else ended


def stop(children, hurry):
    """Ask the children to end, and kill them and theirs if they do not in time."""
    for child in children:
        child.terminate()
    deadline = time.monotonic() + PATIENCE
    while any(child.poll() is None for child in children):
        if time.monotonic() > deadline or hurry():
            break
        time.sleep(0.05)
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def main(port):
    prepare_environment(port)
    prepare_site()

    from django.urls import reverse

    desk = reverse("admin:index")

    def announce():
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return False
        print(f"\nThe site is ready:  http://127.0.0.1:{port}/")
        print(f"Write and edit at:  http://127.0.0.1:{port}{desk}")
        print("\nCtrl-C stops it.")
        return True

    web = ["-m", "gunicorn", "ecfr_site.wsgi", "--bind", f"127.0.0.1:{port}"]
    web += ["--config", "python:ecfr_site.gunicorn"]
    web += ["--preload", "--threads", "8", "--graceful-timeout", "5"]
    web += ["--log-level", "warning", "--no-control-socket"]
    ended = keep_running(
        {
            "web server": web,
            "task worker": ["manage.py", "run_tasks"],
            "clock": ["manage.py", "run_due", "--every", "60"],
        },
        announce,
    )
    if ended:
        sys.exit(
            f"\nThe {ended} ended by itself, so everything was stopped. "
            "What it said last stands above."
        )
    print("\nStopped.")


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit("\nStopped before the site was ready. `make run` goes on from here.")
