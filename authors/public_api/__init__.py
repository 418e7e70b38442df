from authors.public_api.operations import router

__all__ = ["router"]
