"""Rows of two easy frames."""


def make_rows(number=24):
    """Rows of two documents and two frames; every third has none, one stance is not coded."""
    texts = ["rain and the world", "trade of states", "two sides order"]
    frames = [{"weather": "favor"}, {"harvest": "against", "weather": None}, {}]
    return [
        {
            "id": f"r{index}",
            "document": "ab"[index % 2],
            "text": f"{texts[index % 3]} {chr(97 + index)}",
            "frames": frames[index % 3],
        }
        for index in range(number)
    ]
