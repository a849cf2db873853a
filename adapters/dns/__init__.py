"""The domain name system."""
