"""Descriptions: Markdown in, HTML out that can hold no script, no form, and nothing from other hosts."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "a", "img", "ul", "ol", "li"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"*": {"dir"}, "a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}
# Each of these reads in the direction of its own first letter, whatever the page's is.
DIRECTED = {"paragraph_open", "heading_open", "bullet_list_open", "ordered_list_open", "blockquote_open"}
TOP_HEADING = 3


class _Renderer(RendererHTML):
    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A picture of our own; one from another host would tell it who reads the page, so only its words."""
        source = str(tokens[idx].attrGet("src") or "")
        if source.startswith("/") and not source.startswith("//"):
            return super().image(tokens, idx, options, env)
        return self.renderInlineAsText(tokens[idx].children or [], options, env)


_parser = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable(["table", "strikethrough"])


@lru_cache(maxsize=512)
def render_markdown(text: str) -> SafeString:
    """Safe HTML. Headings begin below those of the page."""
    tokens = _parser.parse(text)
    _lower_headings(tokens)
    for token in tokens:
        if token.type in DIRECTED:
            token.attrSet("dir", "auto")
    html = _parser.renderer.render(tokens, _parser.options, {})
    return mark_safe(  # noqa: S308
        nh3.clean(
            html,
            tags=TAGS,
            attributes=ATTRIBUTES,
            url_schemes={"http", "https", "mailto"},
            link_rel="nofollow noopener",
        )
    )


def _lower_headings(tokens: list[Token]) -> None:
    headings: list[Any] = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    shift = TOP_HEADING - min((int(token.tag[1]) for token in headings), default=TOP_HEADING)
    for token in headings:
        token.tag = f"h{min(int(token.tag[1]) + shift, 6)}"
