"""What people open in a browser, in a headless Chromium: the page of `sluice explore` and the picture
of `sluice bench stream`. The mouse is moved as a person moves it, and all requests are watched.

Chromium is driven through its debugging pipe (file descriptors 3 and 4, JSON with a zero byte behind
each message).
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from support import check, finish, run, skip

MODULE = """(module
  (func $add (export "add") (param $a i32) (param $b i32) (result i32)
    (i32.add (i32.mul (local.get $a) (i32.const 7)) (local.get $b)))
  (func $loop (export "<script>alert(1)</script>") (param $n i64) (result i64) (local $sum i64)
    (loop $again
      (local.set $sum (i64.add (local.get $sum) (local.get $n)))
      (br_if $again (i64.ne (local.tee $n (i64.sub (local.get $n) (i64.const 1))) (i64.const 0))))
    (local.get $sum)))
"""


class Browser:
    """One tab."""

    def __init__(self, program, folder):
        to_browser, from_us = os.pipe()
        from_browser, to_us = os.pipe()
        self.log = open(folder / "chromium.log", "wb")

        def wire():
            os.dup2(os.dup(to_browser), 13)  # out of the way of 3 and 4
            os.dup2(os.dup(to_us), 14)
            os.dup2(13, 3)
            os.dup2(14, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--disable-background-networking", "--no-first-run", "--remote-debugging-pipe",
             f"--user-data-dir={folder / 'profile'}", "about:blank"],
            preexec_fn=wire, close_fds=False, stdout=self.log, stderr=self.log)
        os.close(to_browser)
        os.close(to_us)
        self.to, self.source = os.fdopen(from_us, "wb"), os.fdopen(from_browser, "rb")
        self.count, self.rest, self.session, self.events = 0, b"", None, []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        self.ask("Emulation.setDeviceMetricsOverride", width=1400, height=3000, deviceScaleFactor=1, mobile=False)

    def ask(self, method, **parameters):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.to.write(json.dumps(message).encode() + b"\0")
        self.to.flush()
        while True:
            answer = self.receive()
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def receive(self):
        while b"\0" not in self.rest:
            piece = os.read(self.source.fileno(), 1 << 16)
            if not piece:
                raise RuntimeError("the browser has gone")
            self.rest += piece
        message, _, self.rest = self.rest.partition(b"\0")
        answer = json.loads(message)
        if "method" in answer:
            self.events.append(answer)
        return answer

    def open(self, path):
        self.events.clear()
        self.ask("Page.navigate", url=path.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.receive()

    def value(self, expression):
        result = self.ask("Runtime.evaluate", expression=f"JSON.stringify({expression})", returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"]))
        return json.loads(result["result"]["value"])

    def hover(self, x, y):
        self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def requests(self):
        return [event["params"]["request"]["url"] for event in self.events
                if event["method"] == "Network.requestWillBeSent"]

    def complaints(self):
        return [event["params"] for event in self.events
                if event["method"] in ("Runtime.exceptionThrown", "Log.entryAdded")]

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


LINES = """[...document.querySelectorAll(".pair")].flatMap((pair, func) =>
  [...pair.children].flatMap((side, index) => [...side.querySelectorAll("span[data-o]")].map(line => {
    const box = line.getBoundingClientRect();
    return {func, side: index, offset: line.dataset.o, x: box.x + 5, y: box.y + box.height / 2,
            height: box.height, on: line.classList.contains("on"), text: line.textContent,
            background: getComputedStyle(line).backgroundColor};
  })))"""


def test_explore(browser, folder):
    module = folder / "module.wat"
    module.write_text(MODULE)
    page = folder / "page.html"
    result = run(["explore", "--cpu=sse4.1", module])
    if "without a disassembler" in result.err or "cannot load the disassembler" in result.err:
        skip(f"explore is not there: {result.err}")
    # Were anything asked for from elsewhere, this would be the first to be seen: the page forbids it.
    page.write_text(result.out.replace("</body>", '<img src="http://127.0.0.1:9/x.png"></body>'))
    browser.open(page)
    blocked = [each for each in browser.complaints() if "Content Security Policy" in json.dumps(each)]
    check(len(blocked) >= 1, "the page forbids requests", str(browser.complaints()))
    page.write_text(result.out)
    browser.open(page)
    check(browser.requests() == [page.as_uri()], "no request but for the page", str(browser.requests()))
    check(not browser.complaints(), "no complaints", str(browser.complaints()))
    check(browser.value("document.querySelectorAll('details').length") == 2, "two functions")
    check("module.wat" in browser.value("document.title"), "the title")
    browser.value("[...document.querySelectorAll('details')].map(each => each.open = true)")
    lines = browser.value(LINES)
    check(lines and all(line["height"] > 8 for line in lines), "lines are to be seen", str(lines[:3]))
    for func, word in ((0, "i32.mul"), (1, "i64.sub")):
        wasm = [line for line in lines if line["func"] == func and line["side"] == 0 and word in line["text"]]
        machine = [line for line in lines if line["func"] == func and line["side"] == 1
                   and wasm and line["offset"] == wasm[0]["offset"]]
        if not check(len(wasm) == 1 and machine, f"{word} on both sides", str(lines)):
            continue
        for start in (wasm[0], machine[0]):
            browser.hover(start["x"], start["y"])
            lit = [line for line in browser.value(LINES) if line["on"]]
            check({(line["func"], line["side"], line["offset"]) for line in lit} ==
                  {(func, 0, wasm[0]["offset"]), (func, 1, wasm[0]["offset"])},
                  f"{word}: both sides light up", str(lit))
            check(all(line["background"] != wasm[0]["background"] for line in lit), f"{word}: in another colour")
    browser.hover(1, 1)
    check(not any(line["on"] for line in browser.value(LINES)), "and go out again")
    check(browser.requests() == [page.as_uri()], "still no request", str(browser.requests()))


def test_timeline(browser, folder):
    module = folder / "stream.wat"
    module.write_text(MODULE)
    picture = folder / "stream.svg"
    check(run(["bench", "stream", "--throttle=2K", "-o", picture, module]).status == 0, "bench stream")
    for scheme, paper in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(18, 22, 29)")):
        browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        browser.open(picture)
        check(browser.requests() == [picture.as_uri()], "a picture asks nobody", str(browser.requests()))
        check(browser.value("getComputedStyle(document.querySelector('.paper')).fill") == paper, f"{scheme}: paper")
        # Nothing that is written leaves the picture or lies on something else that is written.
        boxes = browser.value("""[...document.querySelectorAll("text")].map(each => {
            const box = each.getBBox(); return [each.textContent, box.x, box.y, box.width, box.height]; })""")
        width, height = browser.value("[document.documentElement.viewBox.baseVal.width, "
                                      "document.documentElement.viewBox.baseVal.height]")
        for i, (text, x, y, w, h) in enumerate(boxes):
            check(0 <= x and x + w <= width and 0 <= y and y + h <= height, f"{text!r} is inside")
            for other, x2, y2, w2, h2 in boxes[:i]:
                apart = x + w <= x2 or x2 + w2 <= x or y + h - 3 <= y2 or y2 + h2 - 3 <= y
                check(apart, f"{text!r} and {other!r} lie apart")


def main():
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        skip("no chromium (third_party/setup --with-tests installs it)")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as text:
        folder = pathlib.Path(text)
        browser = Browser(program, folder)
        try:
            test_explore(browser, folder)
            test_timeline(browser, folder)
        finally:
            browser.close()
    finish()


main()
