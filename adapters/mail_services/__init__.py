"""What mail services say of letters they took."""
