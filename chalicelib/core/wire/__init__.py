"""What comes over the wire: notifications of S3, and the messages between the functions."""
