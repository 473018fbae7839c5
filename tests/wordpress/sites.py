"""A WordPress of one's own on 127.0.0.1, with its PHP and its database, in a directory that is removed."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
import zipfile

PASSWORD = "pylon marmot ferrous quilt"
TOOLS = pathlib.Path(os.environ.get("TEST_WORDPRESS_TOOLS", "target/test-tools/wordpress")).resolve()
CONFIG = """<?php
define( 'DB_NAME', 'wordpress' );
define( 'DB_USER', 'root' );
define( 'DB_PASSWORD', '' );
define( 'DB_HOST', 'localhost:{socket}' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );
define( 'AUTH_KEY', 'a' ); define( 'SECURE_AUTH_KEY', 'b' ); define( 'LOGGED_IN_KEY', 'c' ); define( 'NONCE_KEY', 'd' );
define( 'AUTH_SALT', 'e' ); define( 'SECURE_AUTH_SALT', 'f' ); define( 'LOGGED_IN_SALT', 'g' ); define( 'NONCE_SALT', 'h' );
define( 'WP_HOME', '{url}' );
define( 'WP_SITEURL', '{url}' );
define( 'WP_DEFAULT_THEME', '{theme}' );
define( 'WP_DEBUG', true ); define( 'WP_DEBUG_DISPLAY', false ); define( 'WP_DEBUG_LOG', '{log}' );
// Nobody else is asked for news or updates.
define( 'WP_HTTP_BLOCK_EXTERNAL', true ); define( 'WP_ACCESSIBLE_HOSTS', '127.0.0.1' );
define( 'DISABLE_WP_CRON', true ); define( 'AUTOMATIC_UPDATER_DISABLED', true ); define( 'FS_METHOD', 'direct' );
define( 'CONCATENATE_SCRIPTS', false );
$table_prefix = 'wp_';
if ( ! defined( 'ABSPATH' ) ) {{ define( 'ABSPATH', __DIR__ . '/' ); }}
require_once ABSPATH . 'wp-settings.php';
"""
ROUTER = """<?php
// What is a file is served as it is; all else is WordPress's.
$path = parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH );
if ( is_dir( __DIR__ . $path ) ) { $path = rtrim( $path, '/' ) . '/index.php'; }
if ( is_file( __DIR__ . $path ) && '/router.php' !== $path ) {
    if ( '.php' !== substr( $path, -4 ) ) { return false; }
    $_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = $path;
    chdir( dirname( __DIR__ . $path ) );
    require __DIR__ . $path;
    return;
}
require __DIR__ . '/index.php';
"""


def free_port():
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]


def until(look, what, seconds=30):
    last = time.monotonic() + seconds
    while time.monotonic() < last:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise SystemExit(f"never seen: {what}")


class Site:
    """`debian`: Debian's package with MariaDB. `npm`: the newest of wordpress-builds, with SQLite."""

    def __init__(self, kind, directory):
        self.directory = pathlib.Path(directory)
        self.root = self.directory / "site"
        self.log = self.directory / "debug.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.processes = []
        getattr(self, "lay_" + kind)()
        (self.root / "wp-config.php").write_text(CONFIG.format(
            socket=self.directory / "db.sock", url=self.url, theme=self.theme, log=self.log))
        (self.root / "router.php").write_text(ROUTER)
        self.php("""define( 'WP_INSTALLING', true ); require 'wp-load.php'; require ABSPATH . 'wp-admin/includes/upgrade.php';
            wp_install( 'The Northmoor Review', 'admin', 'admin@review.example', true, '', getenv( 'PASSWORD' ) );
            wp_create_user( 'ed', getenv( 'PASSWORD' ), 'ed@review.example' );
            ( new WP_User( username_exists( 'ed' ) ) )->set_role( 'editor' );""", loaded=False)
        self.start("php", "-d", "upload_max_filesize=8M", "-S", f"127.0.0.1:{self.port}", "-t", self.root, self.root / "router.php",
                   PHP_CLI_SERVER_WORKERS="4")
        until(self.answers, "WordPress")

    def lay_debian(self):
        self.theme = "twentytwentythree"
        unpacked = TOOLS / "debian"
        shutil.copytree(unpacked / "usr/share/wordpress", self.root, symlinks=True)
        # Its links lead to other packages, which are unpacked beside it.
        for link in [path for path in self.root.rglob("*") if path.is_symlink()]:
            aim = os.readlink(link)
            aim = unpacked / aim.lstrip("/") if aim.startswith("/") else unpacked / "usr/share/wordpress" / link.relative_to(self.root).parent / aim
            link.unlink()
            if aim.exists():
                shutil.copy(aim, link)
        data = self.directory / "mariadb"
        door = self.directory / "db.sock"
        subprocess.run(["mariadb-install-db", "--no-defaults", "--user=root", f"--datadir={data}", "--skip-test-db",
                        "--auth-root-authentication-method=normal"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.start(shutil.which("mariadbd") or "/usr/sbin/mariadbd", "--no-defaults", "--user=root", f"--datadir={data}",
                   f"--socket={door}", "--skip-networking", "--innodb-flush-log-at-trx-commit=0")
        make = ["mariadb", "--no-defaults", "--user=root", f"--socket={door}", "-e", "CREATE DATABASE wordpress"]
        until(lambda: subprocess.run(make, stderr=subprocess.DEVNULL, check=False).returncode == 0, "MariaDB")

    def lay_npm(self):
        self.theme = "twentytwentyfour"
        build = TOOLS / "npm/node_modules/@wp-playground/wordpress-builds"
        with zipfile.ZipFile(build / "src/wordpress/wp-nightly.zip") as code:
            code.extractall(self.root)
        # The files that browsers take lie apart.
        shutil.copytree(build / "public/wp-nightly", self.root, dirs_exist_ok=True)
        shutil.rmtree(self.root / "wp-content/database")
        plugins = self.root / "wp-content/plugins"
        with zipfile.ZipFile(build / "src/sqlite-database-integration/sqlite-database-integration.zip") as code:
            code.extractall(plugins)
        (plugins / "sqlite-database-integration-main").rename(plugins / "sqlite-database-integration")
        shutil.copy(plugins / "sqlite-database-integration/db.copy", self.root / "wp-content/db.php")

    def start(self, *command, **environment):
        with open(self.directory / "processes.log", "ab") as log:
            self.processes.append(subprocess.Popen([str(part) for part in command], stdout=log, stderr=log,
                                                   env={**os.environ, **environment}, start_new_session=True))

    def answers(self):
        try:
            return urllib.request.urlopen(self.url + "/wp-login.php", timeout=20).status == 200
        except OSError:
            return False

    def php(self, code, loaded=True):
        """Runs PHP inside WordPress and gives what it prints."""
        code = ("require 'wp-load.php'; " if loaded else "") + code
        code = f"$_SERVER['HTTP_HOST'] = '127.0.0.1:{self.port}'; " + code
        done = subprocess.run(["php", "-d", "sendmail_path=/bin/true", "-r", code], cwd=self.root, text=True, capture_output=True, check=False,
                              timeout=120, env={**os.environ, "PASSWORD": PASSWORD})
        if done.returncode:
            raise SystemExit(f"PHP: {done.stdout}{done.stderr}")
        return done.stdout

    def page(self, title, content):
        """Publishes a page and gives its address."""
        number = self.php(f"""echo wp_insert_post( array( 'post_type' => 'page', 'post_status' => 'publish', 'post_author' => 1,
            'post_title' => {title!r}, 'post_content' => <<<'TEXT'\n{content}\nTEXT\n ) );""")
        return f"{self.url}/?page_id={number.strip()}"

    def complaints(self):
        """What WordPress logged of the plugin."""
        told = self.log.read_text() if self.log.exists() else ""
        return [line for line in told.splitlines() if "plugins/assent" in line or "assent_" in line]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            # PHP's helpers don't end with it.
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)
