"""Local stand-ins for outside services: for trying out without credentials, and for tests with
faults. Built from the providers' published documents; what those do not list is refused."""
