"""Vector tiles: an own encoder, layers prepared for it, and pyramids as one file."""
