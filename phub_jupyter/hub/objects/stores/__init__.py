"""The object stores there are: a folder of this machine, or a server that speaks S3."""
