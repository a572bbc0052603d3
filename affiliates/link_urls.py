from django.urls import path

from affiliates.arriving import arrive

urlpatterns = [path("r/<str:code>/", arrive, name="affiliate_link")]
