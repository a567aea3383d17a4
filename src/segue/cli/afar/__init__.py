"""Verbs against a server (`SEGUE_URL`, `SEGUE_TOKEN`): the same options, asked over HTTP instead of in a home."""
