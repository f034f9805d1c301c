"""Write the generated documents into docs/."""

from pathlib import Path

from docs.contract.render import documents, with_events, with_settings

DOCS = Path(__file__).parents[1]
README, MESSAGES = DOCS.parent / "README.md", DOCS / "messages.md"


def main() -> None:
    """Write the documents and tables whose text has changed; print their names."""
    written = {
        **documents(),
        "../README.md": with_settings(README.read_text()),
        "messages.md": with_events(MESSAGES.read_text()),
    }
    for name, text in written.items():
        path = DOCS / name
        if path.exists() and path.read_text() == text:
            continue
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        print(f"docs/{name}")  # noqa: T201 - says what it did


if __name__ == "__main__":
    main()
