"""The room of Glific, which asks from within WhatsApp flows."""
