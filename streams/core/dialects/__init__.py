"""Raw ISO 8583: bytes to fields by a specification that is data, fields to the canonical event."""
