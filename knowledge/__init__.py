"""Ground to stand on: source → fetch → convert → chunk → embed → store → retrieve → cite."""
