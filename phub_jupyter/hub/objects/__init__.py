"""Large files, kept under the hash of their content: LFS objects, Xet xorbs and files."""
