"""What a reading process gives up before it opens a file of a stranger.

Limits of memory, time and file size everywhere; on Linux also the network and other programs
(seccomp) and every file but the one to be read (Landlock). What a system cannot do is told by
`confine`, so that `tataruang doctor` can say it.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

__all__ = ["confine"]

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2
#: System calls that reach out: sockets, other programs, other processes, io_uring.
_REACHING: Final[dict[str, tuple[int, tuple[int, ...]]]] = {
    "x86_64": (0xC000003E, (41, 42, 43, 49, 53, 59, 101, 288, 310, 311, 322, 425)),
    "aarch64": (0xC00000B7, (117, 198, 199, 200, 202, 203, 221, 242, 270, 271, 281, 425)),
}
_REFUSE, _ALLOW, _KILL = 0x00050001, 0x7FFF0000, 0x80000000  # EPERM, allow, kill
_READ_FILES: Final = 0b1101  # execute (for libraries), read file, read folder
_LIST_FOLDER: Final = 0b1000
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446


def confine(
    readable: Iterable[Path], writable: Path, *, memory: int, cpu_seconds: int, file_bytes: int
) -> tuple[str, ...]:
    """Give up everything that reading one file does not need.

    Parameters
    ----------
    readable : paths of the file to read, or its folder where it has parts
    writable : Path
        The one folder to write to.
    memory, file_bytes : int
        Bytes of address space, and of the largest file written.
    cpu_seconds : int

    Returns
    -------
    tuple of str
        What holds from now on, of "limits", "network", "files".
    """
    held = []
    if _limit(memory, cpu_seconds, file_bytes):
        held.append("limits")
    if sys.platform == "linux" and _prctl(_NO_NEW_PRIVILEGES, 1):
        if _restrict_files(readable, writable):
            held.append("files")
        if _refuse_reaching_calls():
            held.append("network")
    return tuple(held)


def _limit(memory: int, cpu_seconds: int, file_bytes: int) -> bool:
    if sys.platform == "win32":
        return False
    import resource

    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(what, (allowed, allowed))
        except (ValueError, OSError):  # macOS refuses some
            return False
    return True


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, *arguments: object) -> bool:
    words = [ctypes.c_ulong(word) if isinstance(word, int) else word for word in arguments]
    words += [ctypes.c_ulong(0)] * (4 - len(words))
    return bool(_libc().prctl(option, *words) == 0)


def _refuse_reaching_calls() -> bool:
    """Install a seccomp filter: the listed calls fail with EPERM, all others pass."""
    known = _REACHING.get(platform.machine())
    if known is None:
        return False
    architecture, calls = known
    load, equal, at_least, leave = 0x20, 0x15, 0x35, 0x06
    program = [
        (load, 0, 0, 4),  # the architecture of the call
        (equal, 1, 0, architecture),
        (leave, 0, 0, _KILL),
        (load, 0, 0, 0),  # its number
        (at_least, len(calls), 0, 0x40000000),  # the x32 calls have no business here
    ]
    program += [(equal, len(calls) - 1 - i, 0, call) for i, call in enumerate(calls)]
    program += [(leave, 0, 0, _ALLOW), (leave, 0, 0, _REFUSE)]
    # A jump counts from the next instruction: each listed call leads to the last one.
    fixed = []
    last = len(program) - 1
    for place, (code, true, false, value) in enumerate(program):
        if code == at_least or (code == equal and value in calls):
            true = last - place - 1
        fixed.append(struct.pack("=HBBI", code, true, false, value))
    code_bytes = ctypes.create_string_buffer(b"".join(fixed))
    head = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code_bytes))
    return _prctl(_SET_SECCOMP, _FILTER, ctypes.create_string_buffer(head))


def _restrict_files(readable: Iterable[Path], writable: Path) -> bool:
    """Install a Landlock ruleset: libraries and the file may be read, one folder written."""
    libc = _libc()
    version = int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1)))
    if version < 1:
        return False
    rights = {1: 0x1FFF, 2: 0x3FFF}.get(version, 0x7FFF)
    attribute = ctypes.create_string_buffer(struct.pack("=Q", rights))
    ruleset = int(libc.syscall(_CREATE_RULESET, attribute, ctypes.c_size_t(8), ctypes.c_uint32(0)))
    if ruleset < 0:
        return False
    try:
        for path in (*_system_paths(), *readable):
            _allow(libc, ruleset, path, _READ_FILES)
            _allow(libc, ruleset, path.parent, _LIST_FOLDER)
        _allow(libc, ruleset, writable, rights)
        return int(libc.syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))) == 0
    finally:
        os.close(ruleset)


def _system_paths() -> set[Path]:
    """Return where Python, its packages and the system's libraries lie."""
    fixed = ("/usr", "/lib", "/lib64", "/dev/null", "/dev/urandom", "/proc/self", "/proc/cpuinfo")
    # Not all of sys.path: the folder a user works in stands there too, with all that is in it.
    packages = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    root = Path(__file__).resolve().parents[2]
    mine: tuple[str | Path, ...] = (
        *fixed,
        sys.prefix,
        sys.base_prefix,
        *packages,
        root / "spatial",
        root / "layers",
    )
    return {Path(path).resolve() for path in mine if Path(path).exists()}


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not path.is_dir():
            rights &= 0b111  # execute, write, read: what makes sense for a file
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, opened))
        libc.syscall(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(1), rule, ctypes.c_uint32(0))
    finally:
        os.close(opened)
