"""Guests who buy one product, from its page to the page that thanks them; in our shop and in django-oscar."""

import threading
import time
from collections.abc import Callable, Iterator
from itertools import count, islice

from bench.browsing import Answer, Reader
from bench.processes import NotReady, cpu_seconds
from bench.shops import Served

Purchase = Callable[[Served, int], None]
BUYERS = 4
_numbers = count(1)


def buy_ours(shop: Served, number: int) -> None:
    """Product, cart, checkout, the demo provider's page, and the order page that offers the downloads."""
    pay_ours(*fill_cart(shop, number), number)


def fill_cart(shop: Served, number: int) -> tuple[Reader, Answer]:
    """A guest with one product, on the checkout's page."""
    # Every guest has an address of their own: the shop limits how many payments one may start.
    reader = Reader(shop.base, address=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")
    product = reader.get(shop.products[number % len(shop.products)])
    cart = reader.submit(product, "/cart/lines/")
    checkout = reader.get("/checkout/") if cart.status == 200 else cart
    checkout.form("/checkout/")  # read before anything is timed
    return reader, checkout


def pay_ours(reader: Reader, checkout: Answer, number: int) -> None:
    payment = reader.submit(
        checkout, "/checkout/", email=f"guest{number}@example.com", country="JO", provider="demo"
    )
    order = reader.submit(payment, "/checkout/demo/", outcome="pay")
    if order.status != 200 or "/downloads/" not in order.text:
        raise NotReady(f"The order at {order.url} offers no download ({order.status}).")


def buy_oscar(shop: Served, number: int) -> None:
    """The same as far as django-oscar goes: nobody is asked for money."""
    reader = Reader(shop.base)
    basket = reader.submit(reader.get(shop.products[number % len(shop.products)]), "/basket/add/")
    checkout = reader.get("/checkout/") if basket.status == 200 else basket
    details = reader.submit(
        checkout, "/checkout/", username=f"guest{number}@example.com", options="anonymous"
    )
    preview = reader.get("/checkout/preview/") if details.status == 200 else details
    thanks = reader.submit(preview, "/checkout/preview/", action="place_order")
    if thanks.status != 200 or "/thank-you/" not in thanks.url:
        raise NotReady(f"django-oscar placed no order: {thanks.url} ({thanks.status}).")


def cpu_of_purchases(shop: Served, buy: Purchase, purchases: int) -> float:
    """Processor milliseconds that one purchase costs the server and its database."""
    spent = cpu_seconds(shop.processes)
    for _each in range(purchases):
        buy(shop, next(_numbers))
    return (cpu_seconds(shop.processes) - spent) / purchases * 1000


def orders_a_second(shop: Served, orders: int) -> float:
    """How many orders are placed, paid and shown with their downloads each second, by guests at a time."""
    guests = iter([(*fill_cart(shop, number), number) for number in islice(_numbers, orders)])
    failures: list[BaseException] = []
    buyers = [threading.Thread(target=_keep_paying, args=(guests, failures)) for _ in range(BUYERS)]
    begun = time.monotonic()
    for buyer in buyers:
        buyer.start()
    for buyer in buyers:
        buyer.join()
    if failures:
        raise failures[0]
    return orders / (time.monotonic() - begun)


def _keep_paying(guests: Iterator[tuple[Reader, Answer, int]], failures: list[BaseException]) -> None:
    try:
        while guest := next(guests, None):
            pay_ours(*guest)
    except Exception as error:
        failures.append(error)
