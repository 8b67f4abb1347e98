"""How the `vigie` command ends where it has hardly begun."""

import os
import subprocess
import sys

INTERRUPTED_WHILE_IMPORTED = """
import os, signal, sys
from vigie_cli import entry

class Interrupts:
    def find_spec(self, name, *_):
        if name == "vigie_cli.main":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
entry.main()
"""


def test_ctrl_c_while_the_command_is_imported_ends_it_without_a_word():
    command = [sys.executable, "-c", INTERRUPTED_WHILE_IMPORTED]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_without_a_compiler_a_command_says_what_to_install_and_no_more(tmp_path, site):
    command = [sys.executable, "-c", "from vigie_cli.entry import main; main()", "rules", "test", str(site)]
    environment = os.environ | {"PATH": "/nowhere", "VIGIE_CACHE": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1
    compiling, missing = done.stderr.splitlines()
    assert compiling == "compiling vigie_scene.kernels, once on this machine: up to a minute"
    assert missing.startswith(
        "vigie_scene.kernels has no machine code on this machine, which lacks gcc and g++ to make it: "
    )
