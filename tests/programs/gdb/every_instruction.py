"""For gdb: steps through all generated code of a call and walks the stack at each instruction.

The host calls _initialize first, which shows where the entry stub is; the next call is stepped from
that stub's first instruction to its last. Reports as JSON to the file that $REPORT names.
"""

import json
import os
import re

import gdb

KEPT = ("rbx", "rbp", "r12", "r13", "r14", "r15", "rsp")


def symbol(address):
    """Name and offset if it is generated code, else nothing."""
    said = gdb.execute(f"info symbol {address:#x}", to_string=True)
    found = re.match(r"(.*?)(?: \+ (\d+))? in section \.text of <in-memory", said)
    return (found[1], int(found[2] or 0)) if found else None


def stack():
    """Names in generated code; then of the host that called it: addresses, the first one's registers,
    and the last one's name."""
    frames = []
    frame = gdb.newest_frame()
    while frame is not None:
        frames.append((frame, symbol(frame.pc())))
        frame = frame.older()
    ours = [frame.name() or found[0] for frame, found in frames if found]
    last = max((i for i, (_, found) in enumerate(frames) if found), default=-1)
    host = [frame for frame, _ in frames[last + 1:]]
    registers = [int(host[0].read_register(name)) for name in KEPT] if host else []
    return ours, [[frame.pc() for frame in host], registers, host[-1].name() if host else None]


def run():
    gdb.execute("set confirm off")
    gdb.execute("set pagination off")
    gdb.execute("handle SIGSEGV SIGURG nostop noprint pass")
    gdb.execute("tbreak sluice::cli::run_instance")
    gdb.execute("run")
    # In the host function of _initialize: the stubs on the way are known now.
    gdb.execute("break sched_yield")
    gdb.execute("continue")
    frame = gdb.newest_frame()
    while frame is not None:
        found = symbol(frame.pc())
        if found and found[0] == "[sluice: enter Wasm]":
            entry = frame.pc() - found[1]
        frame = frame.older()
    gdb.execute("delete")
    gdb.execute(f"break *{entry:#x}")
    gdb.execute("continue")
    _, expected = stack()
    told = {"bad": [], "seen": [], "stubs": [], "steps": 0}
    while True:
        ours, host = stack()
        if not ours:
            break  # back in the host
        told["steps"] += 1
        where = f"{symbol(gdb.newest_frame().pc())}"
        if host != expected or ours[-1] != "[sluice: enter Wasm]" or host[2] != "main":
            told["bad"].append([where, ours, str(host), str(expected)])
        for name in ours:
            if name.startswith("[sluice: ") and name not in told["stubs"]:
                told["stubs"].append(name)
        guests = [name for name in ours if not name.startswith("[sluice: ")]
        if guests not in told["seen"]:
            told["seen"].append(guests)
        gdb.execute("stepi", to_string=True)
        while symbol(gdb.newest_frame().pc()) is None and stack()[0]:
            gdb.execute("finish", to_string=True)  # a function of the host's or the runtime's
    with open(os.environ["REPORT"], "w") as out:
        json.dump(told, out)
    gdb.execute("kill")


run()
