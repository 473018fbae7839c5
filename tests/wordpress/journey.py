"""A publisher with a WordPress site, from the zip to a confirmed contact; then all that goes wrong.

journey.py KIND ZIP DIRECTORY: KIND as in sites.py. Pictures go to target/screenshots/wordpress/.
"""

import contextlib
import http.cookiejar
import http.server
import json
import os
import re
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from program import REPORT, Assent, read
from sites import PASSWORD, Site
from webdriver import ENTER, TAB, Browser, Fault

# Whoever is told to end ends what it started first.
signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))

FORM = "assent-form >> "
SETTINGS = "/wp-admin/options-general.php?page=assent"
UNREACHED = "This form can’t be reached at the moment."
PICTURES = "target/screenshots/wordpress"


def sure(holds, what):
    if not holds:
        raise SystemExit(f"not so: {what}")
    print(f"  {what}", flush=True)


class Refuses(http.server.BaseHTTPRequestHandler):
    """An assent server that knows no site: pages are refused, as they are behind a name that is not this machine's."""
    origins = []

    def do_GET(self):
        origin = self.headers.get("Origin")
        self.origins.append(origin)
        body = json.dumps({"title": "Forbidden", "status": 403} if origin else {"reports": []}).encode()
        self.send_response(403 if origin else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Slow(http.server.BaseHTTPRequestHandler):
    """An assent server in such trouble that each answer takes two seconds, and is none."""

    def do_GET(self):
        time.sleep(2)
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Foreign(http.server.BaseHTTPRequestHandler):
    """Another server, or one in front of an assent that does not run, which has a page for whatever is not there."""

    def do_GET(self):
        body = b"<h1>404 page not found</h1>"
        self.send_response(404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(handler, port=0):
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


@contextlib.contextmanager
def silence(port):
    """Whoever comes is let in, and never answered. Gives when they came."""
    with socket.socket() as silent:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        silent.bind(("127.0.0.1", port))
        silent.listen(64)
        there, came = [], []

        def lets_in():
            with contextlib.suppress(OSError):
                while True:
                    there.append(silent.accept()[0])
                    came.append(time.monotonic())

        threading.Thread(target=lets_in, daemon=True).start()
        yield came
        silent.shutdown(socket.SHUT_RDWR)
        for one in there:
            one.close()


class Journey:
    def __init__(self, kind, archive, directory):
        self.kind, self.archive, self.directory = kind, os.path.abspath(archive), directory
        os.makedirs(PICTURES, exist_ok=True)

    def run(self):
        os.makedirs(f"{self.directory}/site")
        with Site(self.kind, f"{self.directory}/site") as self.site, Assent(f"{self.directory}/assent") as self.assent:
            print(f"== WordPress {self.site.php('global $wp_version; echo $wp_version;')} ({self.kind})", flush=True)
            try:
                with Browser(f"{self.directory}/staff") as self.staff:
                    self.installs()
                    self.sets_the_address()
                    page = self.inserts_the_block()
                    self.is_let_in(page)
                    self.reads_with_script(page)
                    self.reads_without_script(page)
                    self.reads_without_the_script(page)
                    self.reads_under_a_policy(page)
                    self.uses_the_shortcode()
                    self.allows_nobody_else()
                    self.outlives_a_silent_server(page)
                    self.leaves_nothing()
            except BaseException:
                self.picture(getattr(self, "staff", None), "failed")
                raise
            complaints = self.site.complaints()
            sure(not complaints, f"PHP has nothing to say about the plugin {complaints}")

    def picture(self, browser, name):
        try:
            browser.picture(f"{PICTURES}/{self.kind}-{name}.png")
        except (AttributeError, Fault, OSError):
            pass

    def signs_in(self, browser, who):
        browser.goto(self.site.url + "/wp-login.php")
        # It takes the focus by itself a moment later.
        browser.until(lambda: browser.run("return document.activeElement.id === 'user_login'"), "the field of the name")
        browser.type("#user_login", who)
        browser.type("#user_pass", PASSWORD + ENTER)
        browser.find("#wpadminbar")

    def installs(self):
        self.signs_in(self.staff, "admin")
        self.staff.goto(self.site.url + "/wp-admin/plugin-install.php?tab=upload")
        self.staff.type("#pluginzip", self.archive)
        self.staff.click("#install-plugin-submit")
        self.staff.press("Activate Plugin")
        self.staff.find("tr[data-slug=assent-forms].active, tr[data-plugin='assent/assent.php'].active")
        sure(True, "the zip is installed and activated at wp-admin")

    def sets_the_address(self):
        settings = self.site.url + SETTINGS
        for wrong in ("http://reports.example", "ftp://reports.example", "https://", "https://u:p@reports.example", "javascript:alert(1)", "https://a b"):
            self.staff.goto(settings)
            self.staff.run("document.getElementById('assent_url').value = arguments[0]", wrong)
            self.staff.click("#submit")
            self.staff.reads(".notice-error, .error", "Enter an address such as")
            sure(self.site.php("echo get_option( 'assent_url', '' );") == "", f"{wrong} is refused")
        sure(self.site.php("echo assent_origin_of( ' Reports.Example.ORG:443/reports/a?b#c ' ), assent_origin_of( 'http://localhost:80' );")
             == "https://reports.example.orghttp://localhost", "addresses are kept as browsers say them")
        with served(Refuses) as port:
            self.sets(f"http://127.0.0.1:{port}", "It answers, but does not let this site in")
        sure(Refuses.origins == [self.site.url, None], "the settings ask as a browser would, and then as nobody's")
        self.sets(f"http://127.0.0.1:{port}", "Nothing answers there")
        with served(Foreign) as port:
            self.sets(f"http://127.0.0.1:{port}", "Something answers there, but not as an assent server does")
            seen = read(self.site.page("Elsewhere", "[assent newsletters]"))
            sure(f'<a href="http://127.0.0.1:{port}/newsletters">' in seen, "readers get a link, as the settings say")
            told = self.site.php("echo assent_preview( 'newsletters', 2 );")
            sure("is no assent server, or assent does not run behind it" in told, "the editor says that this is no assent server")
        self.sets(self.assent.url + "/reports/", "It answers, but does not let this site in")
        sure(self.site.php("echo get_option( 'assent_url' );") == self.assent.url, "the address is set, without its path")
        self.picture(self.staff, "settings-closed")

    def sets(self, address, state):
        self.staff.goto(self.site.url + SETTINGS)
        self.staff.run("document.getElementById('assent_url').value = arguments[0]", address)
        self.staff.click("#submit")
        self.staff.reads("#assent-state", state)
        sure(("If it is not there yet" in self.staff.run("return document.body.innerText")) == ("does not let" not in state), "it is named if it is not yet")
        line = self.staff.text(self.staff.find("#assent-line"))
        sure(line == f'embed_origins = ["{self.site.url}"]', f"{state}: and the settings say what embed_origins must hold")

    def is_let_in(self, page):
        """The operator names the site, and the settings no longer say that it must be named."""
        with Browser(f"{self.directory}/refused", width=1000) as reader:
            reader.goto(page)
            reader.until(lambda: UNREACHED in reader.run("return document.querySelector('assent-form').shadowRoot?.textContent || ''"), "the form's own sentence")
            sure(reader.run("return !document.querySelector('.assent-away') && document.querySelector('assent-form input').checkVisibility()"), "while the site is not named, readers get one sentence and the field")
            self.picture(reader, "closed")
        self.staff.goto(self.site.url + SETTINGS)
        self.assent.lets_in(self.staff.text(self.staff.find("#assent-line")))
        self.staff.goto(self.site.url + SETTINGS)
        self.staff.reads("#assent-state", "It answers, and lets this site in.")
        sure(not self.staff.run("return document.getElementById('assent-line')"), "once it is named, nobody is told to name it")
        self.picture(self.staff, "settings")

    def inserts_the_block(self):
        staff = self.staff
        staff.goto(self.site.url + "/wp-admin/post-new.php?post_type=page")
        staff.until(lambda: staff.run("return !!window.wp?.data?.select('core/editor')?.getCurrentPostId()"), "the editor", 60)
        # The guide that greets whoever comes for the first time.
        staff.run("""for (const scope of ['core/edit-post', 'core'])
            for (const guide of ['welcomeGuide', 'welcomeGuideTemplate']) wp.data.dispatch('core/preferences').set(scope, guide, false);""")
        staff.run("wp.data.dispatch('core/editor').editPost({ title: 'An article with a report' })")
        staff.click(".edit-post-header-toolbar__inserter-toggle, .editor-document-tools__inserter-toggle", 60)
        staff.type(".block-editor-inserter__search input", "assent")
        staff.click(".editor-block-list-item-assent-form")
        canvas = staff.until(lambda: staff.run("""const frame = document.querySelector('iframe[name=editor-canvas]');
            return frame ? (frame.contentDocument.querySelector('[data-type="assent/form"]') && frame) :
                document.querySelector('[data-type="assent/form"]') && true"""), "the block")
        beside = ".block-editor-block-inspector input[type=text]"
        staff.run("wp.data.dispatch('core/edit-post').openGeneralSidebar('edit-post/block')")
        staff.find(beside)
        if canvas is not True:
            staff.frame(canvas)
        block = "[data-type='assent/form']"
        staff.find(block + " input[type=text]")
        apart = staff.run("""const within = document.querySelector(arguments[0]).getBoundingClientRect();
            const [toggle, field] = ['checkbox', 'text'].map(it => document.querySelector(`${arguments[0]} input[type=${it}]`));
            const of = (input) => (document.querySelector(`label[for="${input.id}"]`) || input.closest('label')).getBoundingClientRect();
            return of(field).top - of(toggle).bottom >= 4 && field.getBoundingClientRect().right <= within.right;""", block)
        sure(apart, "the block's two fields stand apart")
        if canvas is not True:
            staff.frame()
        self.picture(staff, "block")
        if canvas is not True:
            staff.frame(canvas)
        staff.type(block + " input[type=text]", f"http://127.0.0.1:9/reports/{REPORT}" + ENTER)
        staff.reads(block, "is not the page of a form at " + self.assent.url, 30)
        sure(True, "another server's address is no form, and the editor says so")
        staff.frame()
        staff.run("""wp.data.dispatch('core/block-editor').updateBlockAttributes(
            wp.data.select('core/block-editor').getSelectedBlockClientId(), { report: '' });""")
        if canvas is not True:
            staff.frame(canvas)
        # The whole address, as somebody would copy it.
        staff.type(block + " input[type=text]", f"{self.assent.url}/reports/{REPORT}" + ENTER)
        staff.reads(block, "I agree", 30)
        words = staff.text(staff.find(block))
        staff.frame()
        for said in ("does not let this site in yet", "Local digital transformation", "Email me the report"):
            sure(said in words, f"the editor shows {said!r}")
        self.picture(staff, "editor")
        report = "return wp.data.select('core/block-editor').getSelectedBlock().attributes.report"
        sure(staff.run(f"return document.querySelector('{beside}').value") == REPORT, "the field beside the page says which report")
        staff.type(beside, TAB)
        sure(staff.run(report) == REPORT, "who only passes through it changes nothing")
        staff.type(beside, "-no-more" + TAB)
        staff.until(lambda: staff.run(report) == REPORT + "-no-more", "another report")
        staff.run("wp.data.dispatch('core/block-editor').updateBlockAttributes(wp.data.select('core/block-editor').getSelectedBlockClientId(), { report: arguments[0] })", REPORT)
        staff.until(lambda: staff.run(f"return document.querySelector('{beside}').value") == REPORT, "the field follows the block")
        staff.run("wp.data.dispatch('core/block-editor').clearSelectedBlock()")
        staff.click(".editor-post-publish-panel__toggle, .editor-post-publish-button__button")
        staff.click(".editor-post-publish-panel .editor-post-publish-button")
        staff.until(lambda: staff.run("return wp.data.select('core/editor').isCurrentPostPublished() && !wp.data.select('core/editor').isSavingPost()"), "published")
        content = staff.run("return wp.data.select('core/editor').getEditedPostContent()")
        sure(content.strip() == f'<!-- wp:assent/form {{"report":"{REPORT}"}} /-->', "the page keeps no words, only which form")
        return staff.run("return wp.data.select('core/editor').getPermalink()")

    def reads_with_script(self, page):
        email = "ada@northmoor.example"
        with Browser(f"{self.directory}/reader", width=1000) as reader:
            reader.goto(self.linked(page))
            reader.type(FORM + "#email", "ada" + ENTER)
            reader.find(FORM + "#errors")
            self.picture(reader, "errors")
            reader.run("document.querySelector('assent-form').shadowRoot.getElementById('email').value = ''")
            reader.type(FORM + "#email", email)
            reader.click(FORM + "#consent")
            reader.click(FORM + "#newsletter")
            self.picture(reader, "form")
            reader.click(FORM + "form .button")
            reader.reads(FORM + ".heading", "Check your inbox")
            self.picture(reader, "inbox")
            mail = self.assent.mail_to(email, "Your link to")
            code = re.search(r"^\s*(\d{6})\s*$", mail, re.MULTILINE)[1]
            reader.type(FORM + "#code", code + ENTER)
            reader.reads(FORM + ".heading", "Your report is ready")
            self.picture(reader, "ready")
            address = reader.run("return document.querySelector('assent-form').shadowRoot.querySelector('a.button').href")
            sure(reader.run("return location.href").startswith(page), "signed up and confirmed without leaving the page")
            said = [line for line in reader.said() if "422" not in line and "favicon" not in line]
            sure(not said, f"the browser has nothing to say about it {said}")
        self.downloads(address)
        contacts = self.assent.command("export", "--purpose", "newsletter:weekly-briefing", "--format", "csv")
        sure(email in contacts, "the contact is in the export")
        logs = "".join(file.read_text(errors="replace") for file in self.site.directory.glob("*.log"))
        held = self.site.php("global $wpdb; foreach ( $wpdb->get_col( 'SHOW TABLES' ) as $table ) { echo wp_json_encode( $wpdb->get_results( \"SELECT * FROM $table\" ) ); }")
        sure("northmoor" in held.lower() or "Northmoor" in held, "the database of the site was read")
        sure(email not in held and email not in logs, "the site knows nothing of the reader")

    def linked(self, page):
        """As a link leads there that says where it stands."""
        return page + ("&" if "?" in page else "?") + "utm_source=review&ref=ada@example.org&other=1"

    def downloads(self, address):
        if not address.endswith("/file"):
            address += "/file"
        with urllib.request.urlopen(address, timeout=30) as answer:
            sure(answer.read(5) == b"%PDF-", "the report is downloaded")

    def reads_without_script(self, page):
        email = "bo@northmoor.example"
        with Browser(f"{self.directory}/plain", script=False, width=1000) as reader:
            reader.goto(page)
            self.picture(reader, "without-script")
            sure(reader.run("return document.querySelector('assent-form').shadowRoot === null"), "no script runs")
            sure(reader.run("return document.querySelectorAll('assent-form input').length") == 1, "an address field alone")
            reader.type("assent-form input[type=email]", email)
            reader.click("assent-form button")
            reader.until(lambda: reader.run("return location.origin") == self.assent.url, "the page of the form")
            sure(reader.run("return document.getElementById('email').value") == email, "the address is filled in")
            sure(not reader.run("return document.getElementById('consent').checked"), "no box is ticked")
            self.picture(reader, "begun")
            reader.click("#consent")
            reader.press("Email me the report")
            reader.reads("h1", "Check your inbox")
            reader.goto(re.search(r"^\s*(http\S+/confirm/\S+)\s*$", self.assent.mail_to(email, "Your link to"), re.MULTILINE)[1])
            reader.press("Confirm and get the report")
            reader.reads("h1", "Your report is ready")
            self.downloads(reader.run("return location.href"))

    def reads_without_the_script(self, page):
        """Where something keeps the form's script from a browser that runs others: the plain field, with a sentence."""
        email = "cy@northmoor.example"
        form = re.search("<assent-form.*?</assent-form>", read(self.linked(page)), re.DOTALL)[0]
        sure("assent-begin" in form and "review" not in form, "what the site serves is the same for every reader")
        with Browser(f"{self.directory}/kept-away", width=1000) as reader:
            reader.devtools("Network.enable")
            reader.devtools("Network.setBlockedURLs", urls=["*embed.js*"])
            reader.goto(self.linked(page))
            reader.reads("assent-form", UNREACHED)
            self.picture(reader, "kept-away")
            action = urllib.parse.urlsplit(reader.run("return document.querySelector('assent-form form').action"))
            sure((action.path, action.query) == (f"/reports/{REPORT}/begin", "utm_source=review"), f"the field carries where the reader came from {action.query}")
            reader.type("assent-form input[type=email]", email)
            reader.click("assent-form button")
            reader.until(lambda: reader.run("return location.origin") == self.assent.url, "the page of the form")
            sure(reader.run("return document.getElementById('email').value") == email, "the address is filled in, too")
            for box in ("#consent", "#newsletter"):
                reader.click(box)
            reader.press("Email me the report")
            reader.reads("h1", "Check your inbox")
            reader.goto(re.search(r"^\s*(http\S+/confirm/\S+)\s*$", self.assent.mail_to(email, "Your link to"), re.MULTILINE)[1])
            reader.press("Confirm and get the report")
            reader.reads("h1", "Your report is ready")
        rows = self.assent.command("export", "--purpose", "newsletter:weekly-briefing", "--format", "csv").splitlines()
        for who in (email, "ada@northmoor.example"):
            row = next(row for row in rows if who in row)
            sure("review" in row and self.site.url in row, f"the export says where {who} came from")

    def reads_under_a_policy(self, page):
        (self.site.root / "wp-content/mu-plugins").mkdir(exist_ok=True)
        policy = f"script-src 'self' {self.assent.url}; connect-src {self.assent.url}; form-action {self.assent.url}; require-trusted-types-for 'script'; trusted-types assent"
        (self.site.root / "wp-content/mu-plugins/policy.php").write_text(f"""<?php
            add_action( 'send_headers', function () {{ isset( $_GET['policy'] ) && header( "Content-Security-Policy: {policy}" ); }} );""")
        with Browser(f"{self.directory}/policy", width=1000) as reader:
            reader.goto(page + ("&" if "?" in page else "?") + "policy=1")
            reader.find(FORM + "#email")
            # WordPress has inline scripts of its own, which this policy refuses.
            ours = [line for line in reader.said() if re.search("form[.]js|embed[.]js|Trusted|connect-src|form-action", line)]
            sure(not ours, f"a Content-Security-Policy as the README says lets the form be {ours}")

    def uses_the_shortcode(self):
        with_both = self.site.page("Both", f'[assent newsletters]\n\n[assent report="{REPORT}" heading_level="3"]')
        with Browser(f"{self.directory}/both", width=1000) as reader:
            reader.goto(with_both)
            reader.until(lambda: reader.run("return [...document.querySelectorAll('assent-form')].filter(it => it.shadowRoot?.querySelector('form')).length") == 2, "two forms")
            sure(reader.run("return [...document.querySelectorAll('assent-form')].map(it => it.shadowRoot.querySelector('.heading').tagName).join()") == "H2,H3", "two shortcodes, two forms")
            self.picture(reader, "both")
        whole = self.site.page("Whole", f'[assent report="{self.assent.url}/reports/{REPORT}/?utm_source=a"] [assent report="{self.assent.url}/newsletters"]')
        sure(re.findall(r"<assent-form (\S+)", read(whole)) == [f'report="{REPORT}"', "newsletters"], "a shortcode takes whole addresses, too")
        foreign = self.site.page("Foreign", f'[assent report="http://127.0.0.1:9/reports/{REPORT}"] [assent report="{self.assent.url}/console"]')
        sure("<assent-form" not in read(foreign) and "assent-note" not in read(foreign), "readers see nothing of another server's form")
        self.staff.goto(foreign)
        sure(self.staff.run("return document.body.innerText.split('is not the page of a form at').length") == 3, "who may edit is told that it is none")
        hostile = self.site.page("Hostile", """[assent report='"><script>alert(1)</script>'] [assent report="no-such-report"] [assent report="../../it"] [assent] [assent report=""]""")
        answer = read(hostile)
        sure("<assent-form" not in answer and "alert(1)</script>" not in answer, "what is no report is no form, and nothing of it is in the page")

    def allows_nobody_else(self):
        settings = self.site.url + SETTINGS
        told = "echo get_option( 'assent_url' );"
        for who, status in (("ed", 403), ("admin", 200)):
            jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
            browser = urllib.request.build_opener(jar)
            browser.open(self.site.url + "/wp-login.php").read()
            browser.open(self.site.url + "/wp-login.php", urllib.parse.urlencode({"log": who, "pwd": PASSWORD, "testcookie": 1}).encode()).read()
            try:
                seen = browser.open(settings).status
            except urllib.error.HTTPError as error:
                seen = error.code
            sure(seen == status, f"{who} gets {status} for the settings")
            for nonce in ({}, {"_wpnonce": "0123456789"}):
                form = {"option_page": "assent", "action": "update", "assent_url": "https://elsewhere.example", **nonce}
                try:
                    seen = browser.open(self.site.url + "/wp-admin/options.php", urllib.parse.urlencode(form).encode()).status
                except urllib.error.HTTPError as error:
                    seen = error.code
                sure(seen == 403 and self.site.php(told) == self.assent.url, f"{who} sets nothing without a good nonce")

    def expires(self):
        told = self.site.php("""global $wpdb; foreach ( $wpdb->get_col( "SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE '\\\\_transient\\\\_assent\\\\_%'" ) as $it ) { delete_transient( substr( $it, 11 ) ); echo 1; } assent_asks_after( 0 );""")
        sure("1" in told, "words were held, and expire")

    def outlives_a_silent_server(self, page):
        names = ["newsletters", f'report="{REPORT}"', 'report="of-nobody"', 'report="of-nobody-else"']
        many = self.site.page("Many", " ".join(f"[assent {name}]" for name in names))
        sure(read(many).count("<assent-form") == 2, "two forms of four are there")
        self.assent.stop()
        self.expires()
        with silence(self.assent.port):
            begun = time.monotonic()
            first = []
            waits = threading.Thread(target=lambda: first.append((read(many), time.monotonic() - begun)))
            waits.start()
            time.sleep(1)
            for which, title in ((page, "one form"), (many, "all forms")):
                at = time.monotonic()
                seen = read(which)
                sure(time.monotonic() - at < 3 and "assent-begin" in seen, f"meanwhile others wait for nothing, and get the last good words of {title}")
            waits.join(30)
            sure(first and first[0][1] < 8 and first[0][0].count("assent-begin") == 2, f"a silent server costs one reader of four forms {first[0][1]:.1f} s")
            told = self.site.php("""delete_transient( 'assent_' . md5( assent_url() . ' newsletters' ) );
                echo assent_may_ask() ? 'asks ' : '', get_transient( 'assent_state' ), get_option( '_transient_timeout_assent_state' ) > time() + 15;""")
            at = time.monotonic()
            sure(told == "away1" and "assent-begin" in read(many) and time.monotonic() - at < 3, "and then nobody for half a minute")
            with Browser(f"{self.directory}/silent", width=1000) as reader:
                reader.goto(many)
                took = reader.run("const [page] = performance.getEntriesByType('navigation'); return page.loadEventEnd && page.loadEventEnd / 1000")
                sure(0 < took < 8 and not reader.run("return document.querySelector('.assent-away')"), f"the page is whole after {took:.1f} s, before anybody gives up the script")
                reader.until(lambda: reader.run("return document.querySelectorAll('.assent-away').length") == 2, "two sentences")
                self.picture(reader, "silent")
        self.expires()
        with served(Slow, self.assent.port):
            at = time.monotonic()
            sure(read(many).count("assent-begin") == 2 and time.monotonic() - at < 7, f"nor does a slow one cost more than its share: {time.monotonic() - at:.1f} s")
        self.expires()
        with served(Foreign, self.assent.port):
            sure(read(many).count("assent-begin") == 2, "who is not assent can't say that a form is no more")
            sure(self.site.php("echo get_transient( 'assent_state' );") == "other", "and is known for another")
        with Browser(f"{self.directory}/offline", width=1000) as reader:
            reader.goto(page)
            reader.reads("assent-form", UNREACHED)
            sure(reader.run("return document.querySelector('assent-form input').checkVisibility()"), "where the script can't be had, a sentence and the address field stand")
            self.picture(reader, "offline")
        alone = [self.site.page("Alone", f"[assent {name}]") for name in names]
        self.site.php("assent_forget_words();")
        with silence(self.assent.port) as came:
            seen = []
            readers = [threading.Thread(target=lambda which=which: seen.append(read(which))) for which in alone]
            for reader in readers:
                reader.start()
            for reader in readers:
                reader.join(30)
            sure(sum("<assent-form" in page for page in seen) == 4, "where no words were ever there, four pages have their forms")
            sure(len(came) == 1, "and one reader of four asked for them and waited")

    def leaves_nothing(self):
        staff = self.staff
        staff.goto(self.site.url + "/wp-admin/plugins.php")
        staff.press("Deactivate", within="document.querySelector(\"tr[data-plugin='assent/assent.php']\")")
        staff.click("tr[data-plugin='assent/assent.php'] .delete a")
        staff.ask("POST", "/alert/accept")
        staff.until(lambda: not (self.site.root / "wp-content/plugins/assent/assent.php").exists(), "deleted")
        left = self.site.php(f"""global $wpdb; echo wp_json_encode( $wpdb->get_col( "SELECT option_name FROM {{$wpdb->options}}
            WHERE option_name LIKE '%assent%' OR option_value LIKE '%127.0.0.1:{self.assent.port}%'" ) );""")
        sure(left == "[]", f"nothing of it is left in the options {left}")
        meta = self.site.php("global $wpdb; echo wp_json_encode( $wpdb->get_col( \"SELECT meta_key FROM {$wpdb->postmeta} WHERE meta_key LIKE '%assent%'\" ) );")
        sure(meta == "[]", "nor with the pages")


if __name__ == "__main__":
    Journey(*sys.argv[1:]).run()
    print("all of it passed", flush=True)
