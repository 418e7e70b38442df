"""Servers that bench/pages.py asks, as deploy/ has them, and what a request costs."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
UNIT = ROOT / "deploy" / "systemd" / "ecfr_site-web.service"
SITE = ROOT / "deploy" / "nginx" / "ecfr_site.conf"
# Around the file that deploy/ ships; beside it the same pages as files.
NGINX = """
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
{modules}
events {{ worker_connections 1024; }}
http {{
    types {{ text/html html; }}
    default_type text/html;
    sendfile on;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
    server {{
        listen 127.0.0.1:{files};
        root {folder}/files;
        access_log off;
        gzip_static on;
        {brotli}
        location / {{ try_files $uri/index.html =404; }}
    }}
}}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_for(port):
    end = time.monotonic() + 30
    while socket.socket().connect_ex(("127.0.0.1", port)):
        if time.monotonic() > end:
            sys.exit("A server did not start.")
        time.sleep(0.1)


def read_flags():
    """gunicorn's flags as the unit of the web server has them."""
    [command] = re.findall(r"^ExecStart=(.+)$", UNIT.read_text(), re.M)
    return command.split()[2:]


def write_site(folder, kept, front):
    """The file that deploy/ ships, at ports of this machine and without TLS.

    That costs a kept page and a file the same.
    """
    text = SITE.read_text()
    for there, here in {
        "/srv/ecfr_site/deploy": str(ROOT / "deploy"),
        "/var/log/nginx": str(folder),
        "/var/cache/ecfr_site": str(folder / "cache"),
        "/var/lib/ecfr_site": str(folder),
        "127.0.0.1:8000": f"127.0.0.1:{kept}",
        "listen 443 ssl http2": f"listen 127.0.0.1:{front}",
        "listen 443 ssl": f"listen 127.0.0.1:{front}",
        "listen 80": f"listen 127.0.0.1:{free_port()}",
        "example.org": "127.0.0.1",
    }.items():
        text = text.replace(there, here)
    # One server answers, whatever it is called.
    text = re.sub(r"(?m)^.*(ssl_|listen \[::\]|/tls\.conf|brotli).*$", "", text)
    (folder / "site.conf").write_text(text)


@contextlib.contextmanager
def gunicorn(application, port, folder, **variables):
    """Two workers of the application; gives their common process group."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", application, *read_flags()]
        + ["--bind", f"127.0.0.1:{port}", "--workers", "2"],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT}:{HERE}",
            "PROMETHEUS_MULTIPROC_DIR": str(folder / f"metrics-{port}"),
            **variables,
        },
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        # Lines of the log are made and written, and go nowhere.
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


@contextlib.contextmanager
def nginx(folder, kept, front, files):
    modules = "/usr/lib/nginx/modules/ngx_http_brotli_static_module.so"
    there = Path(modules).exists()
    write_site(folder, kept, front)
    (folder / "nginx.conf").write_text(
        NGINX.format(
            folder=folder,
            files=files,
            modules=f"load_module {modules};" if there else "",
            brotli="brotli_static on;" if there else "",
        )
    )
    command = [shutil.which("nginx") or "/usr/sbin/nginx", "-c", folder / "nginx.conf"]
    if os.getuid() == 0:
        command += ["-g", "daemon off; user root;"]
    else:
        command += ["-g", "daemon off;"]
    process = subprocess.Popen(command)
    try:
        wait_for(front)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def memory(group):
    """Megabytes of all processes of the group, shared pages counted once (PSS)."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.getpgid(int(folder.name)) == group:
                found = re.search(
                    r"^Pss:\s+(\d+)", (folder / "smaps_rollup").read_text(), re.M
                )
                total += int(found[1])
    return total / 1024


def read_cpu(group):
    """Seconds of processor time that the group's processes have had."""
    return sum(seconds for number, _, seconds in list_cpu() if number == group)


def read_database_cpu():
    """The same of PostgreSQL's for this database, on this machine; 0 for SQLite."""
    name = urlsplit(os.environ.get("DATABASE_URL", "")).path[1:]
    return sum(seconds for _, title, seconds in list_cpu() if f" {name} " in title)


def list_cpu():
    """Each process's group, its title if it is PostgreSQL's, and seconds (proc(5))."""
    tick = os.sysconf("SC_CLK_TCK")
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            stat = (folder / "stat").read_text().rpartition(") ")[2].split()
            title = (folder / "cmdline").read_text()
            title = title if title.startswith("postgres:") else ""
            yield int(stat[2]), title, (int(stat[11]) + int(stat[12])) / tick
