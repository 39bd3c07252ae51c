"""The articles that the tests of the page ask about, as POST /v1/articles takes them."""

from typing import Any

FERRY: dict[str, Any] = {
    "id": "wire/2024/ferry 50%?",
    "title": "Ferry 🚢 gets a new captain",
    "text": (
        "🚢🚢 The ferry Marigold leaves Tern Bay at noon. 👩‍👩‍👧 Families like it.\n\n"
        "The captain of the ferry Marigold is Joren Pell 🧑‍✈️ of Tern Bay.\n\n"
        + "Nothing much happens on the crossing, which takes an hour. 🌊\n\n" * 40
        + "The captain of the ferry Marigold, Joren Pell, retires in May."
    ),
    "url": "https://example.org/ferry?a=1",
    "source": "Northlight Wire",
    "author": "A. Writer",
    "language": "en",
    "published_at": "2024-05-04",
    "tags": ["transport", "sea"],
}
BRIDGE: dict[str, Any] = {
    "id": "bridge",
    "title": "Bridge closed to lorries",
    "text": "The Kestrel Bridge was closed on 3 May 2024. The council expects it to open in August.",
    "source": "Harbour Courier",
    "published_at": "2024-05-03",
    "tags": ["transport"],
}
OLD_BRIDGE: dict[str, Any] = {
    "id": "old-bridge",
    "title": "Bridge painted",
    "text": "The Kestrel Bridge was painted on 9 June 2011.",
    "source": "Valley Ledger",
    "published_at": "2011-06-10",
    "tags": ["paint"],
}
HOSTILE: dict[str, Any] = {
    "id": "../<script>alert(1)</script>",
    "title": "<img src=x onerror=alert(1)><b>Bold</b> \u202egnitnirp",
    "text": (
        "The zeppelin inspector is Zora <script>document.title='owned'</script> Quill of Lindmark.\n\n"
        "<img src='https://evil.example/x.png' onerror=\"document.title='owned'\"> &amp; &lt;b&gt; ${1+1}\n\n"
        "מפקח הצפלינים גר בלינדמרק ואוהב ספינות.\n\n" + "x" * 5_000
    ),
    "url": "https://example.org/'onmouseover='alert(1)",
    "source": "<style>*{display:none}</style>",
    "author": "<iframe src=//evil.example>",
    "published_at": "2024-01-01",
    "tags": ["<script>"],
}
ARTICLES = (FERRY, BRIDGE, OLD_BRIDGE, HOSTILE)
