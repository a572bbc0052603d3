from django.urls import path

from delivery.api import edd, lemonsqueezy, native
from delivery.api.package import package

urlpatterns = [
    path("api/v1/licenses/activate/", native.activate_view, name="license_activate"),
    path("api/v1/licenses/validate/", native.validate_view, name="license_validate"),
    path("api/v1/licenses/deactivate/", native.deactivate_view, name="license_deactivate"),
    path("api/v1/licenses/release/", native.release_view, name="license_release"),
    path("api/edd/", edd.edd, name="license_edd"),
    path("v1/licenses/activate", lemonsqueezy.activate_view),
    path("v1/licenses/validate", lemonsqueezy.validate_view),
    path("v1/licenses/deactivate", lemonsqueezy.deactivate_view),
    path("api/v1/packages/<str:token>/", package, name="package"),
    path(".well-known/jwks.json", native.keys_view, name="license_keys"),
]
