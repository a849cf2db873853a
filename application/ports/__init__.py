"""What the application needs of the world, in its own words. Each port has two real adapters."""
