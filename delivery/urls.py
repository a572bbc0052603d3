from django.urls import path

from delivery import license_views, views

urlpatterns = [
    path("orders/<str:token>/", views.order, name="order"),
    path("orders/<str:token>/status/", views.order_status, name="order_status"),
    path("orders/<str:token>/mail/", views.order_mail, name="order_mail"),
    path("orders/<str:token>/refund-request/", views.refund_request, name="refund_request"),
    path("orders/<str:token>/activations/<uuid:uid>/", license_views.free_place, name="license_place"),
    path("orders/<str:token>/licenses/<uuid:uid>/", license_views.license_file, name="license_file"),
    path("library/", views.library, name="library"),
    path("updates/<str:token>/", views.updates, name="updates"),
    path("downloads/order/<str:token>/", views.no_download, name="order_download"),
    path("downloads/<str:token>/", views.no_download, name="download"),
]
