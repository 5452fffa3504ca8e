"""Where a head lies: poses, affines, warps, and carrying images along them."""
