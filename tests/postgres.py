"""A PostgreSQL server of its own for tests: a private cluster on a Unix socket, gone at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

OWNER = "pemilik"


class Missing(Exception):  # noqa: N818  not an error: the reason why tests are skipped
    """Why no server can be started here."""


@dataclass
class Server:
    """A running cluster: `address(name)` is the URL of a database in it."""

    folder: Path
    programs: Path
    user: str | None
    #: Whether commits reach the disk.
    durable: bool = False

    def __post_init__(self) -> None:
        self._run("initdb", "-D", self.data, "-U", OWNER, "-A", "trust", "-E", "UTF8",
                  "--locale=C.UTF-8", "-N")  # fmt: skip
        self.start()
        self.sql("postgres", "CREATE DATABASE pola")
        try:
            self.sql("pola", "CREATE EXTENSION postgis")
        except subprocess.CalledProcessError as error:
            raise Missing(f"PostGIS is not installed: {error.stderr.strip()[:200]}") from error

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        # Tests kill clients, not the server: its own fsync would only cost time.
        sync = "on" if self.durable else "off"
        options = f"-k {self.folder} -c listen_addresses='' -c fsync={sync} -c max_connections=60"
        self._run(
            "pg_ctl", "-D", self.data, "-l", self.folder / "log", "-w", "-o", options, "start"
        )

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop")

    def fresh(self) -> str:
        """Return the address of a database with PostGIS and nothing of ours in it.

        It is one database swept again and again: a new one for each test would write 30 MB.
        """
        self.sql("pola", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                 "WHERE datname = 'pola' AND pid <> pg_backend_pid()")  # fmt: skip
        self.sql(
            "pola",
            "SET client_min_messages = error; "
            "DROP SCHEMA IF EXISTS tataruang, tataruang_versi, tataruang_layer CASCADE",
        )
        return self.address("pola")

    def address(self, name: str, user: str = OWNER) -> str:
        return f"postgresql://{user}@/{name}?host={self.folder}"

    def sql(self, database: str, text: str, user: str = OWNER) -> str:
        done = subprocess.run(
            [self.programs / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
             "-h", self.folder, "-U", user, "-d", database, "-c", text],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def remove(self) -> None:
        try:
            self.stop("immediate")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *words: object) -> None:
        # The server refuses to run as root.
        command = [str(self.programs / program), *map(str, words)]
        group = pwd.getpwnam(self.user).pw_gid if self.user else None
        subprocess.run(
            command, check=True, cwd="/", user=self.user, group=group,
            extra_groups=[] if self.user else None, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip


def start_server(*, durable: bool = False) -> Server:
    """Start a server, or say by `Missing` why there is none."""
    programs = _programs()
    user = _unprivileged() if os.geteuid() == 0 else None
    # Short, because the path of a Unix socket may not be long.
    folder = Path(tempfile.mkdtemp(prefix="tr-pg-", dir="/tmp"))
    if user:
        shutil.chown(folder, user)
    try:
        return Server(folder, programs, user, durable)
    except Missing:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    except (OSError, subprocess.CalledProcessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise Missing(f"PostgreSQL does not start here: {error}") from error


def _programs() -> Path:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if versions:
        return versions[-1].parent
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    raise Missing("PostgreSQL is not installed: tests/install_postgis.sh installs it on Debian")


def _unprivileged() -> str:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise Missing("root may not run PostgreSQL and there is no account postgres or nobody")
