"""PortOne V2 and V1, to korea.md 1.4. Two APIs over one set of books; a payment belongs to one of them."""
