"""The pages: one file a subject, and what they share. `routes.py` says where each stands and who may see it."""
