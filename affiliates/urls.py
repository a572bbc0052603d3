from django.urls import path

from affiliates import views

urlpatterns = [
    path("affiliates/", views.dashboard, name="affiliate"),
    path("affiliates/join/", views.join, name="affiliate_join"),
    path("affiliates/friends/", views.friends, name="affiliate_friends"),
    path("affiliates/profile/", views.profile, name="affiliate_profile"),
    path("affiliates/ledger/", views.ledger, name="affiliate_ledger"),
    path("affiliates/ledger.csv", views.ledger_csv, name="affiliate_ledger_csv"),
    path("affiliates/payouts/", views.payouts, name="affiliate_payouts"),
    path("affiliates/payouts/<int:pk>/statements/", views.statements, name="affiliate_statements"),
    path(
        "affiliates/payouts/<int:pk>/statements/<str:language>.pdf",
        views.statement,
        name="affiliate_statement",
    ),
    path("affiliates/creatives/", views.creatives, name="affiliate_creatives"),
]
