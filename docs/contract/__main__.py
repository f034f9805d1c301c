"""Writes the generated documents into docs/."""

from pathlib import Path

from docs.contract.render import documents

DOCS = Path(__file__).parents[1]


def main() -> None:
    """Write every document whose text has changed, and say which."""
    for name, text in documents().items():
        path = DOCS / name
        if path.exists() and path.read_text() == text:
            continue
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        print(f"docs/{name}")  # noqa: T201 - says what it did


if __name__ == "__main__":
    main()
