"""Search of everything that is published (docs/decisions/0037-search.md).

`analysis` makes words of texts and `query` of what somebody typed; `index` writes them
down with each save, `engines` asks either database which articles hold them,
`catalogue` knows what readers may see and how it is sorted, `results` puts it together.
"""
