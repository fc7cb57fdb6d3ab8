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


def facts(modules):
    """{what: text}"""
    memory_kib = first_value("/proc/meminfo", "MemTotal").split()[0]
    memory = f"{int(memory_kib) / 2**20:.0f} GiB" if memory_kib.isdigit() else "?"
    return {
        "processor": f"{os.cpu_count()} × {first_value('/proc/cpuinfo', 'model name')}",
        "memory": memory,
        "system": f"{first_value('/etc/os-release', 'PRETTY_NAME')}, Linux {platform.release()}",
        "modules": ", ".join(sorted(path.stem for path in modules.glob("*.wasm"))) or "none",
        "load": f"{os.getloadavg()[0]:.1f} running when it began (other work blurs every figure)",
    }
