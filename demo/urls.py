from django.urls import path

from demo import views

urlpatterns = [
    path("mails/", views.mails, name="demo_mails"),
    path("mails/<str:pk>/", views.mail, name="demo_mail"),
    path("mails/<str:pk>/html/", views.mail_html, name="demo_mail_html"),
]
