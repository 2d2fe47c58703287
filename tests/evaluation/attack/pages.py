"""What a browser would read in a report, by the standard library's parser."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Version:
    """One text of a card."""

    heading: str
    text: str = ""
    marked: list[tuple[str, str]] = field(default_factory=list)  # tag and text of what differs


class Page(HTMLParser):
    """Tags, attributes and the texts of the cards."""

    VOID = ("meta", "link", "input")
    APART = ("th", "td", "dt", "dd", "small")

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.versions: list[list[Version]] = []
        self.open: list[tuple[str, str]] = []
        self.script = self.rest = ""
        self.feed(html)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attributes]
        if tag not in self.VOID:
            self.open.append((tag, dict(attributes).get("class") or ""))
        if tag == "article":
            self.versions.append([])
        if tag == "h4":
            self.versions[-1].append(Version(""))
        if tag in ("ins", "del") and self._within("text"):
            self.versions[-1][-1].marked.append((tag, ""))

    def handle_endtag(self, tag):
        opened, _ = self.open.pop()
        assert opened == tag, f"<{opened}> is closed by </{tag}>"
        if tag in self.APART:
            self.rest += " "

    def handle_data(self, data):
        tags = [tag for tag, _ in self.open]
        if "script" in tags:
            self.script += data
        elif "h4" in tags:
            self.versions[-1][-1].heading += data
        elif self._within("text"):
            if tags[-1] != "summary":
                self.versions[-1][-1].text += data
            for mark in {"ins", "del"} & set(tags):
                self.versions[-1][-1].marked[-1] = (mark, self.versions[-1][-1].marked[-1][1] + data)
        else:
            self.rest += data

    def _within(self, kind: str) -> bool:
        return any(kind == name for _, name in self.open)
