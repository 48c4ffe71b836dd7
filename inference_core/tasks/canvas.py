"""What the drawings of all tasks share: colours by class and text on a plate."""

import colorsys

from PIL import Image, ImageDraw, ImageFont

Color = tuple[int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_GOLDEN_RATIO = 0.618034  # steps of it spread hues evenly, however many classes there are


def color_of(class_id: int) -> Color:
    """The same clear colour for the same class, always."""
    red, green, blue = colorsys.hsv_to_rgb((0.6 + class_id * _GOLDEN_RATIO) % 1.0, 0.85, 0.85)
    return round(red * 255), round(green * 255), round(blue * 255)


def font_for(image: Image.Image) -> Font:
    """A font that stays readable at the image's size."""
    return ImageFont.load_default(max(11, round(min(image.size) / 40)))


def draw_tag(pen: ImageDraw.ImageDraw, corner: tuple[float, float], text: str, font: Font, class_id: int) -> float:
    """Writes white text on a plate of the class's colour; returns the y below the plate."""
    _, _, right, bottom = pen.textbbox(corner, text, font)
    pen.rectangle((corner[0], corner[1], right + 3, bottom + 3), fill=color_of(class_id))
    pen.text((corner[0] + 2, corner[1] + 1), text, "white", font)
    return float(bottom + 4)
