"""For gdb: breakpoints in a guest's source, set before there is a guest, and the stack where it traps.

Reports as JSON to the file that $REPORT names.
"""

import json
import os

import gdb


def stack():
    frames = []
    frame = gdb.newest_frame()
    while frame is not None:
        place = frame.find_sal()
        file = os.path.basename(place.symtab.filename) if place.symtab else ""
        if not (frame.name() or "").startswith("[sluice: "):
            frames.append([frame.name(), file, place.line])
        frame = frame.older()
    return frames


def run():
    gdb.execute("set confirm off")
    gdb.execute("handle SIGSEGV SIGURG nostop noprint pass")
    gdb.execute("set breakpoint pending on")
    gdb.execute("break guest.c:9")
    gdb.execute("break guest.c:5")
    gdb.execute("run")
    stacks = [stack()]
    gdb.execute("continue")
    stacks.append(stack())
    gdb.execute("delete")
    gdb.execute("break sluice::note_trap")
    gdb.execute("continue")
    stacks.append(stack())
    with open(os.environ["REPORT"], "w") as out:
        json.dump({"stacks": stacks}, out)
    gdb.execute("kill")


run()
