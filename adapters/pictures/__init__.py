"""Pictures from people: looked at within bounds, and drawn anew."""
