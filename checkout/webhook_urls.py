from django.urls import path

from checkout.webhooks import webhook

urlpatterns = [path("<str:provider>/", webhook, name="webhook")]
