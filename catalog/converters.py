class UnicodeSlugConverter:
    """The end of an address in any script. Django's own takes Latin letters only."""

    regex = r"[-\w]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
