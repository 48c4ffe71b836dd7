"""Tools that measure a server from outside. They import nothing of what they measure."""
