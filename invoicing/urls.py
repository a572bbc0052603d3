from django.urls import path

from invoicing import views

urlpatterns = [
    path("orders/<str:token>/invoice-details/", views.invoice_details, name="invoice_details"),
    path("orders/<str:token>/invoices/<str:number>/", views.document, name="document"),
    path("orders/<str:token>/invoices/<str:number>/pdf/", views.document_pdf, name="document_pdf"),
]
