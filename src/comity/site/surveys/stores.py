"""The two stores that nothing links, by the names Django knows them by."""

INVITATIONS, RESPONSES = "invitations", "responses"
