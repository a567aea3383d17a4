def cleaned(rows: list[dict[str, int]]) -> list[dict[str, int]]:
    return [row for row in rows if row]
