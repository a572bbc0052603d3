class StorefrontError(Exception):
    """Base of every expected refusal. Its text is translated and safe to show to the reader."""
