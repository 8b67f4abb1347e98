"""Run a command that ends when the process that started it ends.

`python leash.py PARENT_PID USER COMMAND...`, where USER is `uid:gid` or `-`. The command replaces this
process: it has the same process id. Linux only (prctl(2), PR_SET_PDEATHSIG); elsewhere it simply runs.

The kernel sends the signal when the *thread* that forked ends, so `vigie_dev.server` starts every command
from one thread that lives as long as the process. Run by path, without the package.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie the signal, change the user, become the command."""
    parent, user, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    if user != "-":
        uid, gid = (int(number) for number in user.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        # after setuid, which clears it
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
