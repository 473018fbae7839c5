"""Somebody at Chromium, by the W3C's WebDriver protocol: the standard library, and chromedriver."""

import base64
import json
import os
import subprocess
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
ENTER = "\ue007"
TAB = "\ue004"


class Fault(Exception):
    """What the browser refused, or what never came to be seen."""


class Browser:
    """One window with an empty profile, `width` pixels wide."""

    def __init__(self, directory, script=True, width=1280, dark=False):
        os.makedirs(directory, exist_ok=True)
        self.process = subprocess.Popen(
            [os.environ.get("TEST_CHROMEDRIVER", "chromedriver"), "--port=0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, "TMPDIR": directory, "HOME": directory}, start_new_session=True)
        for line in self.process.stdout:
            if "successfully on port " in line:
                self.base = "http://127.0.0.1:" + line.strip().rstrip(".").rsplit(" ", 1)[1]
                break
        else:
            raise Fault("chromedriver does not start")
        options = {
            "binary": os.environ.get("TEST_CHROMIUM", "/usr/bin/chromium"),
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     "--hide-scrollbars", f"--user-data-dir={directory}/profile"],
        }
        if not script:
            options["prefs"] = {"profile.managed_default_content_settings.javascript": 2}
        capabilities = {"alwaysMatch": {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}
        self.session = ""
        told = self.ask("POST", "/session", {"capabilities": capabilities})
        self.session = "/session/" + told["sessionId"]
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.devtools("Emulation.setEmulatedMedia", features=[scheme])

    def ask(self, method, path, body=None):
        data = None if method != "POST" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.base + self.session + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            told = json.load(error)["value"]
            raise Fault(f"{told['error']}: {told['message'].splitlines()[0]}") from None

    def devtools(self, method, **parameters):
        return self.ask("POST", "/goog/cdp/execute", {"cmd": method, "params": parameters})

    def goto(self, url):
        self.ask("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def run_async(self, script, *arguments):
        return self.ask("POST", "/execute/async", {"script": script, "args": list(arguments)})

    def find(self, css, seconds=20):
        """The first element, once it is there; `host >> inner` looks inside an open shadow root."""
        look = """let root = document;
            const steps = arguments[0].split(' >> ');
            for (const step of steps.slice(0, -1)) { root = root.querySelector(step)?.shadowRoot; if (!root) return null; }
            return root.querySelector(steps[steps.length - 1]);"""
        return self.until(lambda: self.run(look, css), css, seconds)

    def until(self, look, what, seconds=20):
        """What `look` gives, once it gives something."""
        last = time.monotonic() + seconds
        while time.monotonic() < last:
            try:
                found = look()
                if found:
                    return found
            except Fault as fault:
                what = f"{what} ({fault})" if "(" not in what else what
            time.sleep(0.05)
        raise Fault(f"never seen: {what}, on {self.run('return location.href')}")

    def text(self, element):
        return self.ask("GET", f"/element/{element[ELEMENT]}/text")

    def does(self, where, what, body=None, seconds=20):
        """Something with an element, which the page may draw anew after it was found."""
        for last in (False, False, True):
            element = self.find(where, seconds) if isinstance(where, str) else where
            try:
                return self.ask("POST", f"/element/{element[ELEMENT]}/{what}", body)
            except Fault as fault:
                if last or "stale element" not in str(fault):
                    raise
        return None

    def click(self, where, seconds=20):
        self.does(where, "click", None, seconds)

    def type(self, where, text, seconds=20):
        self.does(where, "value", {"text": text}, seconds)

    def reads(self, css, words, seconds=20):
        """Waits until this says that."""
        return self.until(lambda: words in self.text(self.find(css, 1)), f"{words!r} in {css}", seconds)

    def press(self, text, seconds=20, within="document"):
        """The button or link with this text, or its label for who does not see it."""
        look = f"""return [...({within}).querySelectorAll('button, a, [role=option], input[type=submit]')].find(it => it.offsetParent !== null &&
            [it.textContent, it.value, it.ariaLabel].some(said => said && said.trim() === arguments[0]));"""
        self.click(self.until(lambda: self.run(look, text), f"a button {text!r}", seconds))

    def key(self, *keys):
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def frame(self, element=None):
        self.ask("POST", "/frame", {"id": element})

    def said(self):
        """What the page wrote to the console."""
        return [entry["message"] for entry in self.ask("POST", "/se/log", {"type": "browser"})]

    def picture(self, path):
        """The whole page, as far as it reaches."""
        size = self.devtools("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        told = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        with open(path, "wb") as file:
            file.write(base64.b64decode(told["data"]))

    def close(self):
        try:
            self.ask("DELETE", "")
        except (Fault, OSError):
            pass
        self.process.terminate()
        self.process.wait(20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
