"""A real WordPress for tests: Debian's files in a folder of their own, on a MariaDB of their own."""

import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests
from lxml import html
from lxml.html import HtmlElement

from tests.processes import environment, free_port, wait_until

SOURCE = Path("/usr/share/wordpress")
PACKAGES = "wordpress php-mysql mariadb-server-core mariadb-client-core"
HOME = "https://www.qalam.net"  # a public name, so that it takes a place
NAME, PASSWORD = "samira", "not-for-the-net"  # noqa: S105
CONFIG = """<?php
define( 'DB_NAME', 'wordpress' );
define( 'DB_USER', 'root' );
define( 'DB_PASSWORD', '' );
define( 'DB_HOST', 'localhost:%(socket)s' );
define( 'WP_HOME', '%(home)s' );
define( 'WP_SITEURL', '%(url)s' );
define( 'WP_DEFAULT_THEME', 'plain' );
define( 'WP_ENVIRONMENT_TYPE', 'local' ); // the shop of a test stands on this machine
define( 'ARQAM_SHOP', '%(shop)s' );
define( 'DISABLE_WP_CRON', true );
define( 'WP_AUTO_UPDATE_CORE', false );
define( 'FS_METHOD', 'direct' );
define( 'WP_DEBUG', true );
define( 'WP_DEBUG_DISPLAY', false );
define( 'WP_DEBUG_LOG', '%(log)s' );
foreach ( array( 'AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE' ) as $name ) {
	define( $name . '_KEY', 'for tests only' );
	define( $name . '_SALT', 'for tests only' );
}
$table_prefix = 'wp_';
defined( 'ABSPATH' ) || define( 'ABSPATH', __DIR__ . '/' );
require_once ABSPATH . 'wp-settings.php';
"""
# wordpress.org knows nothing new, and hears of nothing.
ELSEWHERE = """<?php
add_filter( 'pre_http_request', function ( $answer, $args, $url ) {
	if ( 0 === strpos( $url, ARQAM_SHOP . '/' ) ) {
		$is_away = is_file( WP_CONTENT_DIR . '/shop-is-away' );
		return $is_away ? new WP_Error( 'http_request_failed', 'cURL error 7: no connection' ) : $answer;
	}
	$body = '{"plugins": {}, "themes": {}, "translations": [], "no_update": {}, "offers": []}';
	$response = array( 'code' => 200, 'message' => 'OK' );
	return array( 'headers' => array(), 'body' => $body, 'response' => $response, 'cookies' => array() );
}, 10, 3 );
"""


THEME = {
    "style.css": "/* Theme Name: Plain */",
    "index.php": "<?php while ( have_posts() ) { the_post(); the_title(); the_content(); the_time( 'Y' ); }",
}


def what_is_missing() -> str:
    """What a machine lacks to run WordPress; empty where it can."""
    php = shutil.which("php")
    modules = subprocess.run([php, "-m"], capture_output=True, text=True, check=True).stdout if php else ""
    missing = [name for name in ("sodium", "mysqli") if name not in modules.split()]
    missing += [name for name in ("php", "mariadbd", "mariadb-install-db", "mariadb") if not _program(name)]
    missing += [] if SOURCE.is_dir() else ["wordpress"]
    return ", ".join(missing)


@contextmanager
def wordpress(folder: Path, shop: str) -> Iterator["Site"]:
    """A site that is set up, with its owner signed in; nothing of it remains."""
    with ExitStack() as stack:
        site = Site(folder, free_port(), stack.enter_context(_mariadb(folder)))
        site.install_files(shop)
        serve = ["php", "-S", f"127.0.0.1:{site.port}", "-t", str(site.root)]
        stack.enter_context(_running(serve, folder / "php.log"))
        wait_until(site.answers)
        site.set_up()
        yield site


class Site:
    """WordPress as its owner uses it, without scripts."""

    def __init__(self, folder: Path, port: int, sql: Callable[[str], str | None]) -> None:
        self.folder, self.port, self.sql = folder, port, sql
        self.root = folder / "site"
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "debug.log"
        self.session = requests.Session()

    def install_files(self, shop: str) -> None:
        shutil.copytree(SOURCE, self.root)
        content = self.root / "wp-content"
        for folder in ("mu-plugins", "themes/plain"):
            (content / folder).mkdir()
        (content / "mu-plugins" / "elsewhere.php").write_text(ELSEWHERE)
        for name, text in THEME.items():
            (content / "themes" / "plain" / name).write_text(text)
        names = {
            "socket": self.folder / "db.sock",
            "home": HOME,
            "url": self.url,
            "log": self.log,
            "shop": shop,
        }
        (self.root / "wp-config.php").write_text(CONFIG % names)

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/readme.html", timeout=10).ok
        except requests.ConnectionError:
            return False

    def set_up(self) -> None:
        """By the form that each owner fills in once; then sign in."""
        secret = {"admin_password": PASSWORD, "admin_password2": PASSWORD, "pw_weak": "on"}
        data = {"weblog_title": "Qalam", "user_name": NAME, "admin_email": "samira@example.com", **secret}
        self._asked("POST", "wp-admin/install.php?step=2", data=data)
        page = self.submit(self.open(""), "wp-login.php", log=NAME, pwd=PASSWORD)
        assert page.find_class("wp-admin")

    # --- pages -----------------------------------------------------------------------------------

    def open(self, path: str) -> HtmlElement:
        return self._asked("GET", f"wp-admin/{path}")

    def text(self, path: str) -> str:
        """What stands on a page of the dashboard."""
        return " ".join(self.open(path).body.text_content().split())

    def follow(self, page: HtmlElement, words: str) -> HtmlElement:
        """Click the one link with these words."""
        (link,) = [link for link in page.iter("a") if words in link.text_content()]
        return self._asked("GET", link.get("href"), base=page.base_url)

    def submit(self, page: HtmlElement, action: str, files: Any = None, **values: str) -> HtmlElement:
        """Send the one form that goes there."""
        (form,) = [form for form in page.forms if action in (form.action or "")]
        return self._asked(
            "POST", form.action, data=dict(form.form_values()) | values, files=files, base=page.base_url
        )

    def read(self, path: str = "") -> str:
        """What a reader of the site sees, who knows it by its name."""
        host = {"Host": HOME.partition("//")[2], "X-Forwarded-Proto": "https"}
        answer = requests.get(f"{self.url}/{path}", headers=host, allow_redirects=False, timeout=30)
        assert answer.status_code == 200
        return answer.text

    def _asked(self, method: str, path: str, base: str = "", **more: Any) -> HtmlElement:
        url = urljoin(base or f"{self.url}/", path)
        answer = self.session.request(method, url, timeout=60, **more)
        answer.raise_for_status()
        return html.document_fromstring(answer.text, base_url=answer.url)

    # --- the plugin ------------------------------------------------------------------------------

    def install_plugin(self, package: Path) -> None:
        """By the form under Plugins, Add new, Upload plugin."""
        with package.open("rb") as content:
            files = {"pluginzip": (package.name, content, "application/zip")}
            page = self.submit(self.open("plugin-install.php?tab=upload"), "action=upload-plugin", files)
        self.follow(page, "Activate Plugin")

    def begin_anew(self, package: Path) -> None:
        """The plugin as this package brings it, and nothing that it kept."""
        plugin = self.root / "wp-content" / "plugins" / "arqam"
        if not plugin.exists():
            self.install_plugin(package)
        shutil.rmtree(plugin)
        with zipfile.ZipFile(package) as archive:
            archive.extractall(plugin.parent)
        kept = "DELETE FROM wp_options WHERE option_name LIKE '%arqam%'"
        persian = "REPLACE INTO wp_options (option_name, option_value) VALUES ('WPLANG', 'fa_IR')"
        assert self.sql(f"USE wordpress; {kept}; {persian}") is not None
        self.let_time_pass()

    def let_time_pass(self) -> None:
        """What WordPress keeps for a while is over."""
        assert self.sql("DELETE FROM wordpress.wp_options WHERE option_name LIKE '%transient%'") == ""

    def save_key(self, key: str) -> HtmlElement:
        return self.submit(self.open("options-reading.php"), "options.php", arqam_key=key)

    def update_plugin(self) -> HtmlElement:
        """By "update now" on the page of plugins, and what the browser loads then."""
        page = self.follow(self.open("plugins.php"), "update now")
        for frame in page.iter("iframe"):
            self._asked("GET", frame.get("src"), base=page.base_url)
        return page

    def delete_plugin(self) -> None:
        """Deactivate it, then delete it and its data."""
        name = "arqam/arqam.php"
        page = self.open("plugins.php")
        (link,) = page.xpath(f"//tr[@data-plugin='{name}']//span[@class='deactivate']/a")
        page = self._asked("GET", link.get("href"), base=page.base_url)
        (link,) = page.xpath(f"//tr[@data-plugin='{name}']//span[@class='delete']/a")
        page = self._asked("GET", link.get("href"), base=page.base_url)
        form = next(form for form in page.forms if form.fields.get("verify-delete"))
        self._asked("POST", form.action, data=form.form_values(), base=page.base_url)

    def options(self, like: str) -> str | None:
        return self.sql(f"SELECT option_name FROM wordpress.wp_options WHERE option_name LIKE '{like}'")

    def said(self) -> str:
        """What the settings say of the licence."""
        return str(self.open("options-reading.php").get_element_by_id("arqam-key-said").text_content())

    @contextmanager
    def shop_away(self) -> Iterator[None]:
        """No connection to the shop, meanwhile."""
        sign = self.root / "wp-content" / "shop-is-away"
        sign.touch()
        yield
        sign.unlink()

    def complaints(self) -> list[str]:
        """What PHP and WordPress have to say of the plugin's code."""
        text = self.log.read_text() if self.log.exists() else ""
        return [line for line in text.splitlines() if "arqam" in line.lower()]


@contextmanager
def _mariadb(folder: Path) -> Iterator[Callable[[str], str | None]]:
    """Gives what runs statements there: their rows as text, or None where that failed."""
    data, socket = folder / "db", folder / "db.sock"
    common = ["--no-defaults", f"--datadir={data}", *([] if os.geteuid() else ["--user=root"])]
    make = [
        _program("mariadb-install-db"),
        *common,
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
    ]
    subprocess.run(make, check=True, capture_output=True, env=environment())
    sizes = [
        "--innodb-buffer-pool-size=32M",
        "--innodb-log-file-size=8M",
        "--innodb-flush-log-at-trx-commit=0",
    ]
    run = [
        _program("mariadbd"),
        *common,
        f"--socket={socket}",
        f"--pid-file={folder}/db.pid",
        "--skip-networking",
    ]
    with _running([*run, *sizes], folder / "db.log"):
        client = [_program("mariadb"), "--no-defaults", f"--socket={socket}", "--user=root", "-Ne"]

        def sql(statements: str) -> str | None:
            done = subprocess.run([*client, statements], capture_output=True, text=True)
            return None if done.returncode else done.stdout

        wait_until(lambda: sql("CREATE DATABASE IF NOT EXISTS wordpress") is not None)
        yield sql


@contextmanager
def _running(command: list[str], log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment())
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def _program(name: str) -> str:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin") or ""
