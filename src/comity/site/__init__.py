"""The website: settings, addresses, templates and the server around the portal."""
