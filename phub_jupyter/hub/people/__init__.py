"""What people have beside a name: followers, organizations and groups, tokens, logins."""
