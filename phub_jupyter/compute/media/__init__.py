"""Pictures and sounds that strangers send, as numbers that models take."""
