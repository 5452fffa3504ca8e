"""Images in, images out: checks, skull stripping, bias correction, registration, quality."""
