"""Programs that parse strangers' files have no network: the kernel refuses them every socket.

Loaded by small programs run with `python -I`, so it needs nothing but the standard library.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys
from typing import Any, NoReturn

_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2  # prctl(2): PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES
_LOAD, _IS, _FROM, _RETURN = 0x20, 0x15, 0x35, 0x06  # BPF_LD|W|ABS, JMP|JEQ|K, JMP|JGE|K, RET|K
_NUMBER, _MACHINE = 0, 4  # where struct seccomp_data holds the call's number and the machine
_IO_URING_SETUP = 425  # a ring opens sockets without the call
_X32 = 0x40000000
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""By machine: its AUDIT_ARCH, and the number of socket(2)."""


def cut_off() -> bool:
    """Takes the network from this process and from what it starts, for good (seccomp(2)).

    Returns whether the kernel keeps it; where it cannot, on another system or processor, Python
    itself still refuses, but not the programs it starts.
    """
    sys.addaudithook(_refuse)
    return sys.platform == "linux" and _filtered(_MACHINES.get(platform.machine()))


def _refuse(event: str, _values: tuple[Any, ...]) -> None:
    if event in ("socket.__new__", "socket.connect", "socket.getaddrinfo"):
        _no_network()


def _no_network() -> NoReturn:
    raise PermissionError(errno.EACCES, "this program has no network")


def _filtered(machine: tuple[int, int] | None) -> bool:
    if machine is None:
        return False
    rules = _rules(*machine)
    code = ctypes.create_string_buffer(b"".join(rules))
    program = struct.pack("HxxxxxxP", len(rules), ctypes.addressof(code))  # struct sock_fprog
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return False
    return not libc.prctl(_SECCOMP, _FILTER, program, 0, 0)


def _rules(machine: int, socket: int) -> list[bytes]:
    """Refuses foreign machines' calls, those of x32, new sockets and rings; allows the rest."""
    return [
        _rule(_LOAD, _MACHINE),
        _rule(_IS, machine, no=5),
        _rule(_LOAD, _NUMBER),
        _rule(_FROM, _X32, yes=3),
        _rule(_IS, socket, yes=2),
        _rule(_IS, _IO_URING_SETUP, yes=1),
        _rule(_RETURN, _ALLOW),
        _rule(_RETURN, _REFUSE),
    ]


def _rule(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    """One struct sock_filter; `yes` and `no` are how many rules are passed over."""
    return struct.pack("=HBBI", code, yes, no, value)
