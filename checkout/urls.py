from django.urls import path

from checkout import coupon_views, demo_views, views

urlpatterns = [
    path("cart/", views.cart, name="cart"),
    path("cart/coupons/", coupon_views.cart_coupons, name="cart_coupons"),
    path("cart/currency/", views.cart_currency, name="cart_currency"),
    path("cart/lines/", views.cart_lines, name="cart_lines"),
    path("cart/lines/<int:variant_id>/", views.cart_line, name="cart_line"),
    path("cart/upgrades/", views.cart_upgrades, name="cart_upgrades"),
    path("cart/lines/<int:variant_id>/amount/", views.cart_amount, name="cart_amount"),
    path("checkout/", views.checkout, name="checkout"),
    path("checkout/demo/<str:reference>/", demo_views.demo_payment, name="demo_payment"),
    path("orders/<str:token>/payments/", views.order_payments, name="order_payments"),
    path("orders/<str:token>/upsells/", views.order_upsells, name="order_upsells"),
]
