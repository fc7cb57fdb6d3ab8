"""Modules made here for what no real module isolates: one call, one instance, one line of output.

Every engine gets the same bytes. `calls.wasm` loops inside Wasm, so that what is measured is a call
and one turn of a loop; `loop_empty` is that loop without a call, to be subtracted by the reader.
"""

I32 = 0x7F
PAGE_BYTES = 65536
WASI = "wasi_snapshot_preview1"


def leb(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes(out) + bytes([n])


def signed_leb(n):
    out = bytearray()
    while not -64 <= n < 64:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes(out) + bytes([n & 0x7F])


def sized(data):
    return leb(len(data)) + data


def name(text):
    return sized(text.encode())


def vec(items):
    return leb(len(items)) + b"".join(items)


def section(number, payload):
    return bytes([number]) + sized(payload)


def func_type(params, results):
    return b"\x60" + vec([bytes([p]) for p in params]) + vec([bytes([r]) for r in results])


def body(code, i32_locals=0):
    groups = [leb(i32_locals) + bytes([I32])] if i32_locals else []
    return sized(vec(groups) + code + b"\x0b")


def module(*sections):
    return b"\0asm\1\0\0\0" + b"".join(sections)


def loop(call):
    """The body of (param $n i32) (result i32): $sum = `call` applied to (1, $sum), $n times."""
    return body(b"\x03\x40" + call + b"\x21\x01"  # loop; …; local.set $sum
                b"\x20\x00\x41\x01\x6b\x22\x00\x0d\x00\x0b"  # br_if (--$n); end
                b"\x20\x01", i32_locals=1)


def calls():
    """add; and loops that call the host, add directly, add through a table, and nothing."""
    arguments = b"\x41\x01\x20\x01"
    exports = ["add", "loop_host", "loop_direct", "loop_indirect", "loop_empty"]
    return module(
        section(1, vec([func_type([I32, I32], [I32]), func_type([I32], [I32])])),
        section(2, vec([name("env") + name("add") + b"\x00\x00"])),
        section(3, vec([b"\0", b"\1", b"\1", b"\1", b"\1"])),
        section(4, vec([b"\x70\x00\x01"])),
        section(7, vec([name(text) + b"\0" + leb(i + 1) for i, text in enumerate(exports)])),
        section(9, vec([b"\x00\x41\x00\x0b" + vec([leb(1)])])),
        section(10, vec([
            body(b"\x20\x00\x20\x01\x6a"),
            loop(arguments + b"\x10\x00"),
            loop(arguments + b"\x10\x01"),
            loop(arguments + b"\x41\x00\x11\x00\x00"),
            loop(arguments + b"\x6a"),
        ])))


def small():
    """A page of memory, a table, a global, a function: about the least that a program has."""
    return module(
        section(1, vec([func_type([], [I32])])),
        section(3, vec([b"\0"])),
        section(4, vec([b"\x70\x00\x01"])),
        section(5, vec([b"\x00\x01"])),
        section(6, vec([b"\x7f\x01\x41\x2a\x0b"])),
        section(7, vec([name("run") + b"\x00\x00", name("memory") + b"\x02\x00"])),
        section(9, vec([b"\x00\x41\x00\x0b" + vec([b"\x00"])])),
        section(10, vec([body(b"\x23\x00")])),
        section(11, vec([b"\x00\x41\x08\x0b" + name("a few bytes of data")])))


def large_data():
    """100 pages of memory, 1 MB of it initialised."""
    data = bytes((i * 7 + (i >> 8)) & 0xFF | 1 for i in range(1 << 20))
    return module(
        section(1, vec([func_type([], [I32])])),
        section(3, vec([b"\0"])),
        section(5, vec([b"\x00" + leb(100)])),
        section(7, vec([name("run") + b"\x00\x00", name("memory") + b"\x02\x00"])),
        section(10, vec([body(b"\x41\x00\x28\x02\x00")])),
        section(11, vec([b"\x00\x41" + signed_leb(PAGE_BYTES) + b"\x0b" + sized(data)])))


def hello():
    """A WASI program that writes one line."""
    text = b"hello, world\n"
    vector = (16).to_bytes(4, "little") + len(text).to_bytes(4, "little")
    return module(
        section(1, vec([func_type([I32] * 4, [I32]), func_type([], [])])),
        section(2, vec([name(WASI) + name("fd_write") + b"\x00\x00"])),
        section(3, vec([b"\1"])),
        section(5, vec([b"\x00\x01"])),
        section(7, vec([name("_start") + b"\x00\x01", name("memory") + b"\x02\x00"])),
        section(10, vec([body(b"\x41\x01\x41\x00\x41\x01\x41\x20\x10\x00\x1a")])),
        section(11, vec([b"\x00\x41\x00\x0b" + sized(vector), b"\x00\x41\x10\x0b" + sized(text)])))


ALL = {"calls": calls, "small": small, "large_data": large_data, "hello": hello}


def write(folder):
    """Writes every fixture; returns {name: path}."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for title, make in ALL.items():
        paths[title] = folder / f"{title}.wasm"
        paths[title].write_bytes(make())
    return paths
