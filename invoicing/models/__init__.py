from invoicing.models.document import Document
from invoicing.models.export import Export
from invoicing.models.pdf import DocumentPdf
from invoicing.models.series import Chain, Series

__all__ = ["Chain", "Document", "DocumentPdf", "Export", "Series"]
