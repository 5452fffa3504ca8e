"""The configuration: read strictly, completed, checked, and handed on as dataclasses."""
