"""Who may ask: certificates, tokens, grants, revocation. Imports nothing here, so that clients stay light."""
