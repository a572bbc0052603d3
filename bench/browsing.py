"""A reader without a browser: keeps cookies, follows redirects, fills in and sends the forms of a page."""

import http.client
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

from bench.processes import NotReady


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    """Collects forms with what stands in their fields."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", "")))
        elif tag == "input" and self.forms and given.get("name"):
            is_chosen = given.get("type") not in ("radio", "checkbox") or "checked" in given
            if is_chosen and given.get("type") != "submit":
                self.forms[-1].fields[given["name"]] = given.get("value", "")


@dataclass
class Answer:
    status: int
    url: str
    headers: str
    text: str
    location: str

    @cached_property
    def forms(self) -> list[Form]:
        parser = _Forms()
        parser.feed(self.text)
        return parser.forms

    def form(self, action: str) -> Form:
        """The form that is sent to an address with this in it. Raises NotReady when there is none."""
        for form in self.forms:
            if action in (form.action or self.url):
                return form
        raise NotReady(f"{self.url} ({self.status}) has no form for {action}.")


class Reader:
    """One visitor of one site, on one connection that stays open."""

    def __init__(self, base: str, *, cookie: str = "", address: str = "") -> None:
        self.base, self.cookies = base, SimpleCookie(cookie)
        self.headers = {"X-Forwarded-For": address} if address else {}
        self.connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=60)

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={morsel.value}" for name, morsel in self.cookies.items())

    def get(self, url: str) -> Answer:
        answer = self.ask("GET", url, None)
        while answer.location:
            answer = self.ask("GET", answer.location, None)
        return answer

    def submit(self, page: Answer, action: str, /, **values: object) -> Answer:
        """Send a form of the page with these values and what stands in it, and follow where it leads."""
        form = page.form(action)
        body = urlencode(form.fields | {name: str(value) for name, value in values.items()})
        answer = self.ask("POST", urljoin(page.url, form.action), body)
        return self.get(answer.location) if answer.location else answer

    def ask(self, method: str, url: str, body: str | None) -> Answer:
        """One request, with this form where there is one; redirects are not followed."""
        url = urljoin(self.base + "/", url)
        headers = {"Cookie": self.cookie, "Origin": self.base, "Referer": self.base + "/"} | self.headers
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, url.removeprefix(self.base), body, headers)
        response = self.connection.getresponse()
        text = response.read().decode(errors="replace")
        for line in response.headers.get_all("Set-Cookie", []):
            self.cookies.load(line)
        location = response.headers.get("Location", "")
        location = urljoin(url, location) if location else ""
        return Answer(response.status, url, str(response.headers), text, location)
