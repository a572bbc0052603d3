from django.urls import path, register_converter

from catalog import views
from catalog.converters import UnicodeSlugConverter

register_converter(UnicodeSlugConverter, "unicode_slug")

urlpatterns = [
    path("", views.home, name="home"),
    path("products/", views.product_list, name="products"),
    path("products/<unicode_slug:slug>/", views.product_detail, name="product"),
    path("products/<unicode_slug:slug>/sample/", views.sample, name="sample"),
    path("categories/<unicode_slug:slug>/", views.category, name="category"),
]
