"""What the figures were measured on."""

import os
import platform


def first_value(path, key):
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.startswith(key):
                    return line.split(":", 1)[-1].split("=", 1)[-1].strip().strip('"')
    except OSError:
        pass
    return "?"


def processor(path="/proc/cpuinfo"):
    """The name alone may be the same for years."""
    name, family, model = (first_value(path, key) for key in ("model name", "cpu family", "model\t"))
    return f"{os.cpu_count()} × {name} (family {family}, model {model})"


def facts(modules):
    """{what: text}"""
    memory_kib = first_value("/proc/meminfo", "MemTotal").split()[0]
    memory = f"{int(memory_kib) / 2**20:.0f} GiB" if memory_kib.isdigit() else "?"
    return {
        "processor": processor(),
        "memory": memory,
        "system": f"{first_value('/etc/os-release', 'PRETTY_NAME')}, Linux {platform.release()}",
        "modules": ", ".join(sorted(path.stem for path in modules.glob("*.wasm"))) or "none",
        "load": f"{os.getloadavg()[0]:.1f} running when it began (other work blurs every figure)",
    }
