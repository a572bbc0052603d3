"""Search over folded words, by trigrams in the database, so that either spelling finds either spelling."""

from difflib import get_close_matches

from django.db import connections
from django.db.models import Case, Q, QuerySet, Value, When

from catalog.models import Product
from storefront.text import fold_for_search

# More hits than anybody pages through. The cap keeps the cost of a word that stands everywhere flat.
MOST_HITS = 480
MOST_WORDS = 8
MOST_TITLES = 200


def search_products(products: QuerySet[Product], query: str) -> QuerySet[Product]:
    """Those of the products that have every word of the query, with hits in the title first."""
    title_hits, text_hits = _hits(products, query)
    return products.filter(pk__in=[*title_hits, *text_hits]).order_by(
        Case(When(pk__in=title_hits, then=Value(0)), default=Value(1)), "-pk"
    )


def find_products(products: QuerySet[Product], query: str) -> list[int]:
    """Primary keys in the order of search_products(), at most MOST_HITS, for two queries in all."""
    title_hits, text_hits = _hits(products, query)
    return [*title_hits, *text_hits]


def suggest(products: QuerySet[Product], query: str) -> list[str]:
    """Near spellings of a query that found nothing, from the titles of these products."""
    words = fold_for_search(query).split()[:MOST_WORDS]
    if not words:
        return []
    sought = f" {' '.join(words)} "
    near = _near(products, "search_title", [sought[at : at + 3] for at in range(len(sought) - 2)])
    known = {fold_for_search(word): word for title in near for word in title.split()}
    if len(words) == 1:
        return [known[word] for word in get_close_matches(words[0], known, n=3, cutoff=0.65)]
    better = [next(iter(get_close_matches(word, known, n=1, cutoff=0.65)), word) for word in words]
    return [" ".join(known.get(word, word) for word in better)] if better != words else []


def _hits(products: QuerySet[Product], query: str) -> tuple[list[int], list[int]]:
    patterns = [_pattern(word) for word in fold_for_search(query).split()[:MOST_WORDS]]
    if not patterns:
        return [], []
    in_title = _newest(_matching(products, "search_title", patterns))
    if len(in_title) == MOST_HITS:
        return in_title, []
    seen = set(in_title)
    in_text = [pk for pk in _newest(_matching(products, "search_text", patterns)) if pk not in seen]
    return in_title, in_text[: MOST_HITS - len(in_title)]


def _pattern(word: str) -> str:
    """At least one trigram of every word: short ones are sought where words begin, or alone."""
    if len(word) > 2:
        return word
    return f" {word}" if len(word) == 2 else f" {word} "


def _matching(products: QuerySet[Product], column: str, patterns: list[str]) -> QuerySet[Product]:
    products = products.order_by()
    if connections[products.db].vendor == "sqlite":
        return _full_text(products, " AND ".join(f'{column} : "{pattern}"' for pattern in patterns))
    for pattern in patterns:
        products = products.filter(**{f"{column}__contains": pattern})
    return products


def _near(products: QuerySet[Product], column: str, trigrams: list[str]) -> list[str]:
    products = products.order_by()
    if connections[products.db].vendor == "sqlite":
        near = _full_text(products, " OR ".join(f'{column} : "{trigram}"' for trigram in trigrams))
    else:
        near = products.filter(
            Q(*[(f"{column}__contains", trigram) for trigram in trigrams], _connector=Q.OR)
        )
    return [product.title for product in near.only("title")[:MOST_TITLES]]


def _full_text(products: QuerySet[Product], expression: str) -> QuerySet[Product]:
    # A join, where IN (SELECT ...) would first gather every hit. The plus keeps SQLite, which knows no
    # statistics of a new shop, from asking the index once for every product. Folded words hold no quotes.
    return products.extra(  # noqa: S610
        tables=["catalog_product_search"],
        where=["catalog_product_search MATCH %s", "catalog_product.id = +catalog_product_search.rowid"],
        params=[expression],
    )


def _newest(products: QuerySet[Product]) -> list[int]:
    return sorted(products.values_list("pk", flat=True)[:MOST_HITS], reverse=True)
