// GIF: the first frame on its canvas. Read here: FFmpeg's decoder takes a picture that ends early for a whole one, and does not
// tell the colour of transparent pixels, which is Pillow's.
#include <algorithm>
#include <array>

#include "omma/io/byte_reader.h"
#include "omma/io/image_codec.h"
#include "omma/io/lzw.h"

namespace omma {
namespace {

constexpr unsigned has_colors = 0x80, is_interlaced = 0x40, is_transparent = 1;

struct GifFrame {
  ImageSize canvas;
  int left = 0, top = 0, width = 0, height = 0;
  unsigned flags = 0;
  std::uint8_t around = 0;  // the index of the canvas: the transparent one
  Palette colors = {};
};

Palette gray_ramp() {
  Palette colors;
  for (std::size_t i = 0; i < colors.size(); ++i) colors[i].fill(static_cast<std::uint8_t>(i));
  return colors;
}

// Indices behind the last colour are black, but gray where those before are gray in order.
Palette read_colors(ByteReader& reader, unsigned flags) {
  const std::size_t count = std::size_t{2} << (flags & 7);
  const std::span<const std::uint8_t> bytes = reader.take(3 * count);
  Palette colors{};
  for (std::size_t i = 0; i < count; ++i) std::copy_n(bytes.data() + 3 * i, 3, colors[i].data());
  const Palette gray = gray_ramp();
  return std::equal(colors.begin(), colors.begin() + static_cast<std::ptrdiff_t>(count), gray.begin()) ? gray : colors;
}

// Behind an extension's label. Of the first control block that names it, the transparent index.
void read_extension(ByteReader& reader, GifFrame& frame) {
  constexpr std::uint8_t control = 0xF9;
  const auto label = reader.number<std::uint8_t>();
  for (bool first = true;; first = false) {
    const auto block = reader.take(reader.number<std::uint8_t>());
    if (block.empty()) return;
    if (first && label == control && block.size() >= 4 && (block[0] & is_transparent) != 0) frame.around = block[3];
  }
}

// Up to the coded pixels.
GifFrame read_frame(ByteReader& reader, std::string_view name, const ImageLimits& limits) {
  reader.take(6);  // "GIF89a"
  GifFrame frame;
  int width = reader.number<std::uint16_t>(), height = reader.number<std::uint16_t>();
  const auto flags = reader.number<std::uint8_t>();
  reader.take(2);  // the background, which nobody shows, and the shape of a pixel
  frame.colors = (flags & has_colors) != 0 ? read_colors(reader, flags) : gray_ramp();
  for (;;) {
    check(reader.left() > 0, "{}: GIF: there is no picture in it", name);
    const auto kind = reader.number<std::uint8_t>();
    check(kind != ';', "{}: GIF: there is no picture in it", name);
    if (kind == '!') read_extension(reader, frame);
    if (kind == ',') break;
  }
  frame.left = reader.number<std::uint16_t>();
  frame.top = reader.number<std::uint16_t>();
  frame.width = reader.number<std::uint16_t>();
  frame.height = reader.number<std::uint16_t>();
  frame.flags = reader.number<std::uint8_t>();
  if ((frame.flags & has_colors) != 0) frame.colors = read_colors(reader, frame.flags);
  check(frame.width >= 1 && frame.height >= 1, "{}: GIF: expected a picture, got {} x {} pixels", name, frame.width, frame.height);
  width = std::max(width, frame.left + frame.width);  // the canvas grows with a frame beyond it
  height = std::max(height, frame.top + frame.height);
  check_image_size(width, height, name, limits);
  frame.canvas = {width, height};
  return frame;
}

// The bytes of the blocks, up to an empty one or the end of the file.
std::vector<std::uint8_t> read_blocks(ByteReader& reader) {
  std::vector<std::uint8_t> bytes;
  while (reader.left() > 0) {
    const std::size_t size = reader.number<std::uint8_t>();
    if (size == 0) break;
    const auto block = reader.take(std::min(size, reader.left()));
    bytes.insert(bytes.end(), block.begin(), block.end());
  }
  return bytes;
}

std::vector<std::uint8_t> read_indices(ByteReader& reader, const GifFrame& frame, std::string_view name) {
  const int bits = reader.number<std::uint8_t>();
  check(bits >= 1 && bits <= 8, "{}: GIF: expected indices of 1 to 8 bits, got {}", name, bits);
  const std::vector<std::uint8_t> data = read_blocks(reader);
  const std::size_t pixels = static_cast<std::size_t>(frame.width) * static_cast<std::size_t>(frame.height);
  constexpr std::size_t most_of_a_byte = 4 * 4096;  // codes of two bits, each of the longest string
  check(pixels / most_of_a_byte <= data.size(), "{}: GIF: {} bytes cannot hold {} x {} pixels: the file is truncated", name,
        data.size(), frame.width, frame.height);
  std::vector<std::uint8_t> indices(pixels);
  const std::size_t found = inflate_lzw(data, LzwCodes::gif, bits, indices);
  check(found == pixels, "{}: GIF: the file is truncated or corrupt: {} of {} pixels are there", name, found, pixels);
  return indices;
}

// The rows in the order stored.
std::vector<int> row_order(const GifFrame& frame) {
  constexpr std::array<std::array<int, 2>, 4> passes{{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};  // first, step
  std::vector<int> rows;
  if ((frame.flags & is_interlaced) == 0) {
    for (int y = 0; y < frame.height; ++y) rows.push_back(y);
    return rows;
  }
  for (const auto& [first, step] : passes)
    for (int y = first; y < frame.height; y += step) rows.push_back(y);
  return rows;
}

}  // namespace

ImageHeader read_gif_header(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits) {
  ByteReader reader(bytes, std::string(name) + ": GIF");
  return {.stored = read_frame(reader, name, limits).canvas};
}

DecodedImage decode_gif(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits) {
  ByteReader reader(bytes, std::string(name) + ": GIF");
  const GifFrame frame = read_frame(reader, name, limits);
  const std::vector<std::uint8_t> indices = read_indices(reader, frame, name);
  Image image(frame.canvas.width, frame.canvas.height);
  const auto put = [&](int x, int y, std::uint8_t index) { std::ranges::copy(frame.colors[index], image.pixel(x, y)); };
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x) put(x, y, frame.around);
  const std::uint8_t* index = indices.data();
  for (const int y : row_order(frame))
    for (int x = 0; x < frame.width; ++x) put(frame.left + x, frame.top + y, *index++);
  return {std::move(image)};
}

}  // namespace omma
