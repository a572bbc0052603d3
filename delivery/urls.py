from django.urls import path

from delivery import views

urlpatterns = [
    path("orders/<str:token>/", views.order, name="order"),
    path("orders/<str:token>/status/", views.order_status, name="order_status"),
    path("orders/<str:token>/refund-request/", views.refund_request, name="refund_request"),
    path("library/", views.library, name="library"),
    path("updates/<str:token>/", views.updates, name="updates"),
    path("downloads/order/<str:token>/", views.order_download, name="order_download"),
    path("downloads/<str:token>/", views.download, name="download"),
]
