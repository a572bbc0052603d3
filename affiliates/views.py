from django.http import HttpRequest, HttpResponse


def dashboard(request):
    return HttpResponse()


join = profile = ledger = ledger_csv = payouts = statement = creatives = dashboard
