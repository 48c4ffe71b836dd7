"""Made-up texts for cards: names, headings, sentences, dates and numbers."""

from __future__ import annotations

import random
from collections.abc import Callable

NAMES = (
    "Ada Moreno", "Ben Okafor", "Chiara Lind", "Dmitri Vale", "Elena Park", "Farid Haas",
    "Grace Whitlock", "Hiro Tanabe", "Ines Calder", "Jonas Reyes", "Kira Solberg", "Liam Foster",
    "Maya Chandran", "Noor Haddad", "Oscar Brandt", "Priya Nair", "Quinn Abbott", "Rosa Delgado",
)  # fmt: skip
NOUNS = (
    "order", "ticket", "flight", "meeting", "report", "budget", "release", "incident", "travel",
    "invoice", "project", "review", "survey", "request", "delivery", "summary", "calendar",
    "weather", "booking", "account", "team", "agenda", "training", "expense", "approval",
)  # fmt: skip
PLAIN = (
    "the", "a", "new", "your", "was", "is", "has", "been", "ready", "for", "with", "and", "to",
    "from", "please", "before", "after", "update", "we", "need", "all", "items", "open", "closed",
    "customer", "status", "latest", "version", "details", "by", "of", "at", "in", "on", "this",
    "that", "will", "can", "schedule", "comment", "information", "required", "not", "about",
    "design", "schema", "document", "published", "next", "week", "today", "created", "changed",
    "available", "support", "engineering", "performance", "quarter", "monthly", "results",
)  # fmt: skip
CITIES = (
    "Lisbon", "Oslo", "Nairobi", "Kyoto", "Denver", "Porto", "Lyon", "Quito", "Seville", "Perth",
    "Tallinn", "Cusco", "Bergen", "Aarhus", "Tampa", "San Marino", "New Delhi", "Cape Town",
)  # fmt: skip
CHOICES = (
    "Red", "Green", "Blue", "Yes", "No", "Maybe", "Small", "Medium", "Large", "Email", "Phone",
    "Chicken", "Vegetarian", "Vegan", "Aisle seat", "Window seat", "Economy", "Business",
    "Monday", "Tuesday", "Friday", "Every day", "Once a week", "Never", "Strongly agree",
    "I accept the terms and conditions", "Remember me", "Send me a copy", "Other", "None",
    "Single line of text", "Multiple lines of text", "Number (1, 1.0, 100)", "Option 1", "A",
)  # fmt: skip
ACTIONS = (
    "Submit", "Cancel", "OK", "Send", "Save", "Approve", "Reject", "View", "Show more", "Comment",
    "Set due date", "Check in", "Learn more", "Open in browser", "Add to cart", "Sign in",
    "Book now", "Confirm", "Next", "Back", "Reply", "Download", "View in calendar", "Delete",
)  # fmt: skip
FIELDS = (
    "Name", "Email", "Homepage", "Phone", "Comments", "Quantity", "Address", "First name", "City",
    "Password", "Search", "Type your message here", "Add a note", "Enter a value", "Company",
)  # fmt: skip


def number(rng: random.Random) -> str:
    """A short number such as a count, price, share, clock time or temperature."""
    n, minute = rng.randint(0, 999), f"{rng.randint(0, 59):02d}"
    return rng.choice(
        (
            f"{n}", f"{n % 100}", f"${n}.{minute}", f"{n % 101}%", f"{n % 60}\u00b0",
            f"{n % 12 + 1}:{minute} {rng.choice(('AM', 'PM'))}",
            f"{n / 100:.1f}", f"{n % 24:02d}:{minute}", f"+{n / 50:.2f} ({n % 9}%)",
        )
    )  # fmt: skip


def date(rng: random.Random) -> str:
    """A date in one of several notations."""
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(2015, 2026)
    name = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return rng.choice(
        (
            f"{day:02d}/{month:02d}/{year}", f"{year}-{month:02d}-{day:02d}",
            f"{name[month - 1]} {day}, {year}", f"{day} {name[month - 1]} {year}",
            f"{day:02d}/{month:02d}/{year} {rng.randint(0, 23)}:{rng.randint(0, 59):02d}",
        )
    )  # fmt: skip


def sentence(rng: random.Random, length: int) -> str:
    """`length` words with a capital at the start and, mostly, a full stop at the end."""
    chosen = [rng.choice(NOUNS if rng.random() < 0.3 else PLAIN) for _ in range(length)]
    for position in range(5, length - 1, rng.randint(6, 11)):
        chosen[position] += rng.choice((",", ",", ";"))
    text = " ".join(chosen)
    return text[:1].upper() + text[1:] + rng.choice((".", ".", ".", "", "?", "!"))


def phrase(rng: random.Random) -> str:
    """A short text of one of many kinds."""
    kinds: tuple[Callable[[random.Random], str], ...] = (
        number,
        date,
        lambda r: r.choice(NAMES),
        lambda r: r.choice(CITIES),
        lambda r: f"{r.choice(NOUNS).title()} {r.randint(1, 9999)}",
        lambda r: f"updated {r.randint(2, 59)} minutes ago",
        lambda r: f"{r.choice(NOUNS)} {r.choice(NOUNS)}".upper(),
        lambda r: "{" + r.choice(NOUNS) + "." + r.choice(NOUNS) + "}",
        lambda r: sentence(r, r.randint(2, 5)).rstrip(".!?"),
        lambda r: sentence(r, r.randint(2, 5)).rstrip(".!?"),
    )
    return rng.choice(kinds)(rng)


def heading(rng: random.Random) -> str:
    """A title of one to five words, in one of three capitalisations."""
    words = sentence(rng, rng.randint(1, 5)).rstrip(".")
    return rng.choice((words, words, words.title(), words.upper()))


def label(rng: random.Random) -> str:
    """The name of a fact or a form field."""
    return rng.choice((rng.choice(FIELDS), rng.choice(NOUNS).title(), sentence(rng, 2).rstrip(".!?")))


def choice(rng: random.Random) -> str:
    """The text beside a radio button or a checkbox."""
    kind = rng.random()
    if kind < 0.6:
        return rng.choice(CHOICES)
    if kind < 0.75:
        return str(rng.randint(1, 2030))
    return sentence(rng, rng.randint(1, 7)).rstrip(".!")
