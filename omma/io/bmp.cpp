// BMP: Windows' and OS/2's, of 1, 4, 8, 16, 24 and 32 bits. Read here: FFmpeg's decoder refuses some masks that Pillow reads and
// scales five bits in another way.
#include <algorithm>
#include <bit>

#include "omma/io/byte_reader.h"
#include "omma/io/image_codec.h"

namespace omma {
namespace {

struct BmpCompression {
  static constexpr std::uint32_t plain = 0, rle8 = 1, rle4 = 2, masked = 3;
};

// Where a colour lies in the number that a pixel is.
struct Channel {
  int shift = 0, bits = 0;

  std::uint8_t of(std::uint32_t pixel) const {
    const std::uint32_t most = (1U << bits) - 1;
    return static_cast<std::uint8_t>((pixel >> shift & most) * 255 / most);
  }
};

struct Bitmap {
  int width = 0, height = 0;
  bool is_top_down = false;
  std::size_t bits = 0;  // of a pixel
  std::uint32_t compression = BmpCompression::plain;
  std::array<std::uint32_t, 3> masks = {};  // red, green, blue
  std::uint32_t colors = 0;                 // in the palette
  std::size_t color_bytes = 4;
  std::size_t pixels_at = 0;  // where the file says
};

bool is_palette(const Bitmap& bitmap) { return bitmap.bits <= 8; }

std::array<std::uint32_t, 3> usual_masks(std::size_t bits) {
  if (bits == 16) return {0x7C00, 0x3E0, 0x1F};
  return {0xFF0000, 0xFF00, 0xFF};
}

void check_kind(const Bitmap& bitmap, std::string_view name) {
  const auto& [width, height, is_top_down, bits, compression, masks, colors, color_bytes, pixels_at] = bitmap;
  check(bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32,
        "{}: BMP: expected 1, 4, 8, 16, 24 or 32 bits a pixel, got {}", name, bits);
  const bool fits = compression == BmpCompression::plain || (compression == BmpCompression::rle8 && bits == 8) ||
                    (compression == BmpCompression::rle4 && bits == 4) || (compression == BmpCompression::masked && bits >= 16);
  check(fits, "{}: BMP: expected no compression, RLE or masks, got compression {} of {} bits", name, compression, bits);
  if (compression != BmpCompression::masked) return;
  const std::array<std::uint32_t, 3> wide = {0xF800, 0x7E0, 0x1F};
  const auto is_byte = [bits = bits](std::uint32_t mask) {
    return std::popcount(mask) == 8 && std::countr_zero(mask) % 8 == 0 && (bits == 32 || mask <= 0xFF0000);
  };
  const bool differ = masks[0] != masks[1] && masks[1] != masks[2] && masks[0] != masks[2];
  check(bits == 16 ? masks == wide || masks == usual_masks(16) : differ && std::ranges::all_of(masks, is_byte),
        "{}: BMP: expected masks of 555, 565 or whole bytes, got {:x}, {:x} and {:x}", name, masks[0], masks[1], masks[2]);
}

// Leaves the reader behind the header: at the palette, where there is one.
Bitmap read_header(ByteReader& reader, std::string_view name, const ImageLimits& limits) {
  Bitmap bitmap;
  reader.take(10);  // "BM", the file's size, which some writers get wrong, and nothing
  bitmap.pixels_at = reader.number<std::uint32_t>();
  const auto header = reader.number<std::uint32_t>();
  std::int64_t width = 0, height = 0;
  if (header == 12) {  // OS/2's first
    width = reader.number<std::uint16_t>();
    height = reader.number<std::uint16_t>();
    reader.take(2);
    bitmap.bits = reader.number<std::uint16_t>();
    bitmap.color_bytes = 3;
  } else {
    check(header == 40 || header == 52 || header == 56 || header == 64 || header == 108 || header == 124,
          "{}: BMP: expected a header of 12, 40, 52, 56, 64, 108 or 124 bytes, got {}", name, header);
    width = reader.number<std::int32_t>();
    height = reader.number<std::int32_t>();
    bitmap.is_top_down = height < 0;
    reader.take(2);
    bitmap.bits = reader.number<std::uint16_t>();
    bitmap.compression = reader.number<std::uint32_t>();
    reader.take(12);
    bitmap.colors = reader.number<std::uint32_t>();
    reader.take(4);
    if (bitmap.compression == BmpCompression::masked)
      for (std::uint32_t& mask : bitmap.masks) mask = reader.number<std::uint32_t>();
    if (14 + header > reader.offset()) reader.take(14 + header - reader.offset());
  }
  check_image_size(width, std::abs(height), name, limits);
  bitmap.width = static_cast<int>(width);
  bitmap.height = static_cast<int>(std::abs(height));
  if (bitmap.masks == std::array<std::uint32_t, 3>{}) bitmap.masks = usual_masks(bitmap.bits);
  check_kind(bitmap, name);
  if (bitmap.colors == 0 && is_palette(bitmap)) bitmap.colors = 1U << bitmap.bits;
  // Some writers forget the palette where they say how far the pixels are.
  if (bitmap.pixels_at == 14 + header && is_palette(bitmap)) bitmap.pixels_at += bitmap.color_bytes * bitmap.colors;
  return bitmap;
}

// Indices behind the last colour are black, but gray where those before are gray in order.
Palette read_colors(ByteReader& reader, const Bitmap& bitmap, std::string_view name) {
  check(bitmap.colors <= 256, "{}: BMP: expected at most 256 colours, got {}", name, bitmap.colors);
  const std::span<const std::uint8_t> bytes = reader.take(bitmap.color_bytes * bitmap.colors);
  Palette colors{};
  const unsigned step = bitmap.bits == 1 ? 255 : 1;
  bool is_gray = bitmap.bits != 4;
  for (std::size_t i = 0; i < bitmap.colors; ++i) {
    for (std::size_t c = 0; c < 3; ++c) colors[i][c] = bytes[bitmap.color_bytes * i + 2 - c];  // blue first
    is_gray = is_gray && std::ranges::all_of(colors[i], [&](std::uint8_t value) { return value == i * step; });
  }
  if (is_gray)
    for (std::size_t i = bitmap.colors; i < colors.size(); ++i)
      colors[i].fill(static_cast<std::uint8_t>(std::min(i * step, std::size_t{255})));
  return colors;
}

// The indices of a run-length coded picture, rows in the order stored, one byte each.
class RunLengths {
 public:
  RunLengths(ByteReader& reader, const Bitmap& bitmap)
      : reader_(reader),
        bitmap_(bitmap),
        width_(static_cast<std::size_t>(bitmap.width)),
        height_(static_cast<std::size_t>(bitmap.height)),
        indices_(width_ * height_) {}

  std::vector<std::uint8_t> read(std::string_view name) {
    while (y_ < height_ && reader_.left() >= 2) {
      const auto count = reader_.number<std::uint8_t>(), value = reader_.number<std::uint8_t>();
      if (count > 0) {
        put_run(count, value);
      } else if (value == 0) {  // the end of a row
        ++y_;
        x_ = 0;
      } else if (value == 1) {  // of the picture
        break;
      } else if (value == 2) {  // to the right and on
        x_ += reader_.number<std::uint8_t>();
        y_ += reader_.number<std::uint8_t>();
        check(x_ <= width_, "{}: BMP: a skip leads out of the picture", name);
      } else {
        check(value <= width_ - x_, "{}: BMP: {} pixels lead out of their row", name, value);
        put_pixels(value);
      }
    }
    check(y_ >= height_ || (y_ + 1 == height_ && x_ == width_), "{}: BMP: the file is truncated: it has {} of {} rows", name, y_,
          height_);
    return std::move(indices_);
  }

 private:
  void put(std::uint8_t index) {
    if (x_ < width_) indices_[y_ * width_ + x_++] = index;
  }

  // What leads out of the row is left out.
  void put_run(unsigned count, std::uint8_t value) {
    const bool is_pair = bitmap_.bits == 4;
    for (unsigned i = 0; i < count; ++i) put(!is_pair ? value : i % 2 == 0 ? value >> 4 : value & 15);
  }

  void put_pixels(unsigned count) {
    const std::size_t bytes = bitmap_.bits == 4 ? (count + 1) / 2 : count;
    const auto values = reader_.take(bytes);
    for (unsigned i = 0; i < count; ++i) put(bitmap_.bits == 8 ? values[i] : i % 2 == 0 ? values[i / 2] >> 4 : values[i / 2] & 15);
    if (bytes % 2 == 1 && reader_.left() > 0) reader_.take(1);
  }

  ByteReader& reader_;
  const Bitmap& bitmap_;
  std::size_t width_, height_, x_ = 0, y_ = 0;
  std::vector<std::uint8_t> indices_;
};

// A row as the file has it, to RGB.
void convert_row(const Bitmap& bitmap, const Palette& colors, const std::uint8_t* row, std::uint8_t* rgb) {
  const std::size_t width = static_cast<std::size_t>(bitmap.width), bits = bitmap.bits;
  if (is_palette(bitmap)) {
    for (std::size_t x = 0; x < width; ++x) {
      const unsigned index = row[x * bits / 8] >> (8 - bits - x * bits % 8) & ((1U << bits) - 1);
      std::ranges::copy(colors[index], rgb + 3 * x);
    }
    return;
  }
  std::array<Channel, 3> channels;
  std::ranges::transform(bitmap.masks, channels.begin(),
                         [](std::uint32_t mask) { return Channel{std::countr_zero(mask), std::popcount(mask)}; });
  for (std::size_t x = 0; x < width; ++x) {
    std::uint32_t pixel = 0;
    for (std::size_t i = 0; i < bits / 8; ++i) pixel |= std::uint32_t{row[x * bits / 8 + i]} << 8 * i;
    for (std::size_t c = 0; c < 3; ++c) rgb[3 * x + c] = channels[c].of(pixel);
  }
}

}  // namespace

ImageHeader read_bmp_header(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits) {
  ByteReader reader(bytes, std::string(name) + ": BMP");
  const Bitmap bitmap = read_header(reader, name, limits);
  return {.stored = {bitmap.width, bitmap.height}};
}

DecodedImage decode_bmp(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits) {
  ByteReader reader(bytes, std::string(name) + ": BMP");
  Bitmap bitmap = read_header(reader, name, limits);
  const Palette colors = is_palette(bitmap) ? read_colors(reader, bitmap, name) : Palette{};
  if (bitmap.pixels_at != 0) reader = ByteReader(bytes, reader.name());
  reader.take(bitmap.pixels_at);
  std::vector<std::uint8_t> indices;
  std::span<const std::uint8_t> rows;
  const std::size_t height = static_cast<std::size_t>(bitmap.height);
  std::size_t row_bytes = (static_cast<std::size_t>(bitmap.width) * bitmap.bits + 7) / 8, step = (row_bytes + 3) / 4 * 4;
  if (bitmap.compression == BmpCompression::rle8 || bitmap.compression == BmpCompression::rle4) {
    indices = RunLengths(reader, bitmap).read(name);
    rows = indices;
    bitmap.bits = 8;
    step = static_cast<std::size_t>(bitmap.width);
  } else {
    rows = reader.take(step * (height - 1) + row_bytes);  // the last row's padding may be missing
  }
  Image image(bitmap.width, bitmap.height);
  for (std::size_t y = 0; y < height; ++y)
    convert_row(bitmap, colors, rows.data() + step * y, image.pixel(0, static_cast<int>(bitmap.is_top_down ? y : height - 1 - y)));
  return {std::move(image)};
}

}  // namespace omma
