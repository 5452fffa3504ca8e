"""ANTs, as the steps call it."""
