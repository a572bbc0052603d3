from django.urls import path

from delivery import gift_views, license_views, views

urlpatterns = [
    path("orders/<str:token>/", views.order, name="order"),
    path("orders/<str:token>/status/", views.order_status, name="order_status"),
    path("orders/<str:token>/mail/", views.order_mail, name="order_mail"),
    path("orders/<str:token>/refund-request/", views.refund_request, name="refund_request"),
    path("orders/<str:token>/activations/<uuid:uid>/", license_views.free_place, name="license_place"),
    path("orders/<str:token>/licenses/<uuid:uid>/", license_views.license_file, name="license_file"),
    path("orders/<str:token>/gift/mails/", gift_views.mails, name="order_gift_mails"),
    path("orders/<str:token>/gift/address/", gift_views.address, name="order_gift_address"),
    path("orders/<str:token>/gift/keeping/", gift_views.keeping, name="order_gift_keeping"),
    path("gifts/<str:token>/", gift_views.gift, name="gift"),
    path("gifts/<str:token>/activations/<uuid:uid>/", license_views.free_given_place),
    path("gifts/<str:token>/licenses/<uuid:uid>/", license_views.given_license_file),
    path("library/", views.library, name="library"),
    path("updates/<str:token>/", views.updates, name="updates"),
    path("downloads/order/<str:token>/", views.no_download, name="order_download"),
    path("downloads/gift/<str:token>/", views.no_download, name="gift_download"),
    path("downloads/<str:token>/", views.no_download, name="download"),
]
