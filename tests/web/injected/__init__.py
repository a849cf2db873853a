"""What people and programs can write, each field tried with each string of `injections`."""
