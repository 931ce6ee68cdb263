"""No route shows one client anything of another."""
