"""Texts that become scripts where a page takes them for anything but text, made class by class (RELIABILITY D12)."""

from collections.abc import Iterator
from itertools import product

__all__ = ["ID_LIKE", "PAYLOADS"]

_ELEMENTS = (
    "img src=x", "svg", "body", "input autofocus", "details open", "video src=x", "marquee", "object data=x",
    "audio src=x",
    "table background=x", "button popovertarget=x", "style",
)  # fmt: skip
_EVENTS = (
    "onload", "onerror", "onclick", "onfocus", "ontoggle", "onpointerover", "onanimationstart", "onbeforetoggle",
    "onscrollend", "onstart", "oncontentvisibilityautostatechange",
)  # fmt: skip
_ENDS = ('"', "'", "`", '">', "'>", "</title>", "</textarea>", "</script>", "</style>", "-->", "]]>", "\\u003e", "\\")
_SCHEMES = (
    "javascript:", "JaVaScRiPt:", "java\tscript:", " javascript:", "javascript&colon;", "java&#x73;cript:",
    "vbscript:", "data:text/html,<script>", "\u0001javascript:", "//evil.example/",
)  # fmt: skip
_LINKS = (
    "{}", "[report]({})", "![chart]({})", '<a href="{}">go</a>', '<iframe src="{}">', '<form action="{}"><button>',
    '<meta http-equiv="refresh" content="0;url={}">', '<base href="{}">', "<{}>", '<link rel="stylesheet" href="{}">',
)  # fmt: skip
_BRACES = ("{{%s}}", "${%s}", "#{%s}", "<%%= %s %%>", "{%% %s %%}", "[[%s]]", "@{%s}", "*{%s}", "{{=%s}}", "{{{%s}}}")
_STYLES = (
    "width:expression(%s)", "background:url('javascript:%s')", "@import 'javascript:%s'", "-moz-binding:url(%s)",
    "behavior:url(%s)", "position:fixed;inset:0;z-index:9999;content:'%s'",
)  # fmt: skip
_INSIDE = (
    "<svg><script>%s</script></svg>", "<svg><animate onbegin=%s attributeName=x>",
    "<svg><use href='data:image/svg+xml,%s'>",
    "<math><mtext><style><img src=x onerror=%s></style></mtext></math>", "<math href='javascript:%s'>x</math>",
    "<svg><foreignObject><iframe srcdoc='<script>%s</script>'>", "<template><script>%s</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=%s>'>", "<select><style></select><img src=x onerror=%s></style>",
    "<iframe srcdoc='&lt;script&gt;%s&lt;/script&gt;'>", "<script src=data:text/javascript,%s></script>",
    "<embed src='javascript:%s'>", "<portal src='javascript:%s'>", "<x contenteditable onblur=%s tabindex=1 autofocus>",
)  # fmt: skip
_DISGUISES = (
    "&lt;script&gt;%s&lt;/script&gt;", "&amp;lt;script&amp;gt;%s", "\\u003cscript\\u003e%s", "%%3Cscript%%3E%s",
    "%%253Cscript%%253E%s", "\\x3cscript\\x3e%s", "+ADw-script+AD4-%s", "＜script＞%s＜/script＞",
    "<ſcript>%s</ſcript>",
    "<scr\u200bipt>%s</scr\u200bipt>", "<scr<script>ipt>%s</scr</script>ipt>", "\u202e<script>%s</script>\u202c",
    "\u2066<img src=x onerror=%s>\u2069", "مرحبا<script>%s</script>", "שלום <img src=x onerror=%s>",
    "e\u0301\u0301\u0301<script>%s</script>", "\ufeff<script>%s</script>", "𝒔𝒄𝒓𝒊𝒑𝒕:%s", "<\u2028script>%s</script>",
    "\x1b[31m<script>%s</script>\x1b[0m", "\x1b]8;;javascript:%s\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]0;%s\x07<b>title</b>", "\x9b31m<i onclick=%s>", "\x1b[38;2;1;2;3m<img src=x onerror=%s>",
)  # fmt: skip
_CODE = "window.__xss={}"


def _forms() -> Iterator[str]:
    """Each with `%s` where its code stands."""
    for element, event in product(_ELEMENTS, _EVENTS):
        yield f"<{element} {event}=%s>"
    for end in _ENDS:
        yield f"{end}<script>%s</script>"
        yield f"{end} onmouseover=%s x={end}"
    for scheme, link in product(_SCHEMES, _LINKS):
        yield link.format(f"{scheme}%s")
    for brace in _BRACES:
        yield brace
        yield brace.replace("%s", "constructor.constructor('%s')()")
    for style in _STYLES:
        yield f'<p style="{style}">'
        yield f"<style>*{{{style}}}</style>"
    yield from _INSIDE
    yield from _DISGUISES


PAYLOADS = tuple(form.replace("%s", _CODE.format(n)).replace("%%", "%") for n, form in enumerate(_forms(), 1))
"""Each sets `window.__xss` to its own number, if it runs."""

ID_LIKE = ("__proto__", "constructor", "toString", "hasOwnProperty", "javascript.alert.1", "innerHTML")
"""Names that ids may have, and that objects of the page's own language have as well."""
