from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path, re_path

from storefront import health, views

admin.autodiscover()
# Staff comes in by the shop's own door, with its rate limits and second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("health/live/", health.live),
    path("health/ready/", health.ready),
    path("webhooks/", include("checkout.webhook_urls")),
    re_path(r"^media/(?P<path>logo/[0-9a-f]{32}\.png)$", views.logo),
    re_path(r"^brand-([0-9a-f]{6}|ours)-([0-9a-f]{6}|ours)\.css$", views.brand_css, name="brand_css"),
    path("", include("catalog.file_urls")),
    path("", include("delivery.api.urls")),
    path("", include("affiliates.link_urls")),
    *i18n_patterns(
        path("admin/", admin.site.urls),
        path("accounts/", include("allauth.urls")),
        path("", include("catalog.urls")),
        path("", include("checkout.urls")),
        path("", include("delivery.urls")),
        path("", include("affiliates.urls")),
        path("", include("invoicing.urls")),
        *([path("demo/", include("demo.urls"))] if settings.DEMO else []),
        prefix_default_language=False,
    ),
]
handler400 = "storefront.views.bad_request"
handler403 = "storefront.views.permission_denied"
handler404 = "storefront.views.page_not_found"
handler500 = "storefront.views.server_error"
