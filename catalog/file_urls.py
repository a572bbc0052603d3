"""Addresses that are the same in every language."""

from django.urls import path, re_path

from catalog import file_views

urlpatterns = [
    # Only pictures as we name them: nothing else below MEDIA_ROOT can be asked for.
    re_path(
        r"^media/(?P<path>pictures/[0-9a-f]{2}/[0-9a-f]{32}-(?:320|640|960)\.(?:webp|jpg))$",
        file_views.media,
        name="media",
    ),
    path("robots.txt", file_views.robots, name="robots"),
    path("sitemap.xml", file_views.sitemap_index, name="sitemap"),
    path("sitemap-<slug:section>.xml", file_views.sitemap_section, name="sitemap_section"),
]
